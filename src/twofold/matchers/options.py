"""What a user may choose about a run of matchers."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from twofold.errors import OptionError
from twofold.network.options import TrainingOptions

METHOD = "matchers"
Protocol = Literal["kfold", "holdout"]


@dataclass(frozen=True)
class MatcherOptions:
    """The choices behind a run.

    Attributes:
        protocol: "kfold" or "holdout" (see `TrainingOptions`).
        folds: number of folds; 0 only enrols.
        holdout: share of the pairs held out by the holdout protocol, 0 to 1.
        seed: of the split; nothing else is drawn.
    """

    protocol: Protocol = "kfold"
    folds: int = 4
    holdout: float = 0.25
    seed: int = 1

    def division(self) -> TrainingOptions:
        """The same choices as `network.division.divide` takes them.

        Raises:
            OptionError: one of them does not exist or is out of range.
        """
        options = TrainingOptions(
            protocol=self.protocol, folds=self.folds, holdout=self.holdout, seed=self.seed
        )
        options.resolved()
        return options

    def record(self) -> dict[str, Any]:
        """What config.json keeps."""
        return {"method": METHOD} | asdict(self)


def matcher_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        OptionError: matchers know no such protocol.
    """
    if name == "kfold" or name == "holdout":
        return "kfold" if name == "kfold" else "holdout"
    raise OptionError(
        f"protocol {name}: matchers learn nothing from altered copies, so there is no leaky order "
        "to repeat. Choose kfold or holdout, or --method network."
    )
