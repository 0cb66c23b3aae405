"""How a training shows itself in the terminal."""

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class TrainingDisplay:
    """One bar for the trainings of a run, one for the epochs of the present one.

    Implements `network.training.Watcher`.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}"),
            console=console,
            transient=True,
        )
        self._whole = self._bars.add_task("All trainings", total=None, figures="")
        self._part = self._bars.add_task("", total=None, figures="", visible=False)
        self._parts = 1
        self._number = 1

    def __enter__(self) -> "TrainingDisplay":
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, part: str, number: int, parts: int) -> None:
        self._number, self._parts = number, parts
        self._bars.update(self._whole, total=parts, completed=number - 1)
        self._bars.reset(self._part, description=_title(part), total=None, visible=True)

    def epoch(self, done: int, planned: int, figures: dict[str, float]) -> None:
        told = f"loss {figures['loss']:.3f}  accuracy {figures['accuracy']:.1%}"
        self._bars.update(self._part, completed=done, total=planned, figures=told)
        # Fractions let the bar of the whole estimate the time left from the first epochs on.
        self._bars.update(self._whole, completed=round(self._number - 1 + done / planned, 2))

    def end(self, part: str, accuracy: dict[str, float] | None) -> None:
        self._bars.update(self._whole, completed=self._number)
        if accuracy is None:
            self._console.print(f"{_title(part)}: trained")
            return
        told = "  ".join(f"{branch} {share:.1%}" for branch, share in accuracy.items())
        self._console.print(f"{_title(part)}: {told}")


def _title(part: str) -> str:
    return "Final network" if part == "final" else f"Fold {part.rpartition('/')[2]}"
