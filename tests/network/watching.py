"""Watchers of a training, for tests."""


class Silent:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def begin(self, part: str, number: int, parts: int) -> None:
        pass

    def epoch(self, done: int, planned: int, figures: dict[str, float]) -> None:
        pass

    def end(self, part: str, accuracy: dict[str, float] | None) -> None:
        self.ended.append(part)


class KilledError(BaseException):
    """Stands for the end of the process: nothing catches it."""


class Killer(Silent):
    """Ends the process, as far as the training can tell, after some epochs of some part."""

    def __init__(self, part: str, epoch: int) -> None:
        super().__init__()
        self.target = part
        self.at = epoch
        self.part = ""

    def begin(self, part: str, number: int, parts: int) -> None:
        self.part = part

    def epoch(self, done: int, planned: int, figures: dict[str, float]) -> None:
        if (self.part, done) == (self.target, self.at):
            raise KilledError
