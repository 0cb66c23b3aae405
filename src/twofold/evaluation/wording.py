"""Numbers and untrusted names in words, the same in figures and in reports."""

import shlex
from typing import Any

from twofold.data.dataset import printable
from twofold.evaluation.classification import Estimate

PROTOCOLS = {
    "kfold": (
        "Cross-validation: the pairs were parted into folds with the same share of every subject, "
        "and each fold was answered by networks trained on the other folds only. Every pair is "
        "scored once, by a network that never saw it, and no two parts share a picture."
    ),
    "holdout": (
        "Hold-out: a part with the same share of every subject was set aside first. Networks were "
        "cross-validated and trained on the rest only, and then scored once on the part set aside."
    ),
    "report": (
        "The original report's order: altered copies were made of every picture first, and the "
        "copies were then parted into training and test. Copies of one picture lie in both."
    ),
}

MATCHER_PROTOCOLS = {
    "kfold": (
        "No network was trained. The pairs were parted into folds with the same share of every "
        "subject; each fold was compared with the references of the other folds only, by face and "
        "iris matchers made on other people, and named the subject with the strongest evidence."
    ),
    "holdout": (
        "No network was trained. A part with the same share of every subject was set aside first "
        "and compared with the references of the rest, by face and iris matchers made on other "
        "people; it named the subject with the strongest evidence."
    ),
}

INDEPENDENCE = (
    "Where the face and the iris of a subject come from different people (a chimeric set), fused "
    "figures assume that the two modalities are independent. Files cannot tell whether this is so."
)


def readable(text: str, longest: int | None = None) -> str:
    """An untrusted name as text that can be drawn and encoded; shortened in its middle."""
    shown = printable(text)
    if longest is not None and len(shown) > longest:
        head = (longest - 1) // 2
        shown = f"{shown[:head]}…{shown[len(shown) - (longest - 1 - head) :]}"
    return shown


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage that never rounds to 0 or 100 what is not."""
    if share is None:
        return "–"
    while digits < 6 and 0 < abs(share) < 1 and f"{abs(share):.{digits}%}" in _whole(digits):
        digits += 1
    return f"{share * 100:.{digits}f} %"


def _whole(digits: int) -> tuple[str, str]:
    return f"{0:.{digits}%}", f"{1:.{digits}%}"


def interval(estimate: Estimate) -> str:
    """The 95 % interval in brackets."""
    if estimate.low is None or estimate.high is None:
        return "(no interval: one subject)"
    low, high = (percent(bound).removesuffix(" %") for bound in (estimate.low, estimate.high))
    return f"[{low}, {high}]"


def points(gain: Estimate) -> str:
    """A difference of two accuracies in percentage points, with its interval."""
    if gain.low is None or gain.high is None:
        return f"{gain.value * 100:+.1f} points"
    return f"{gain.value * 100:+.1f} points [{gain.low * 100:+.1f}, {gain.high * 100:+.1f}]"


def flawless(estimate: Estimate) -> str | None:
    """What can still be said when there was no error, so that the interval has no width.

    The exact one-sided 95 % bound on the share of subjects with an error, near 3 / subjects
    ("rule of three", Hanley & Lippman-Hand 1983).
    """
    if estimate.value < 1:
        return None
    bound = 1 - 0.05 ** (1 / estimate.subjects)
    return (
        f"No error among {number(estimate.subjects)} subjects leaves nothing to resample, hence an "
        f"interval without width; up to {percent(bound)} of such subjects may still meet one "
        "(95 % upper bound)."
    )


def number(value: float) -> str:
    """A count with thousands parted."""
    return f"{value:,.0f}"


def counted(count: int, noun: str) -> str:
    """A count with its noun, in the plural but for one."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """Seconds as a person says them."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def training_command(config: dict[str, Any], dataset: str, run: str) -> tuple[str, str]:
    """The command that trains this run again, in two lines to be joined by a backslash."""
    words = []
    for option, value in config.items():
        if value is not None and not isinstance(value, bool):
            words += [f"--{option.replace('_', '-')}", str(value)]
    return shlex.join(["twofold", "train", dataset, "--out", run]), shlex.join(words)
