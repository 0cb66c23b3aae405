"""Everything that Twofold raises on purpose has one root, so that a caller can catch it as one.

A message says what was wrong, with which file or field, and what to do about it.
"""

from typing import Any


class TwofoldError(Exception):
    """Root of all errors raised on purpose."""


class ImageError(TwofoldError):
    """A picture that cannot be accepted: unreadable, truncated, too large, of a refused kind."""


class AcquisitionError(TwofoldError):
    """A readable picture that yields no template: no face, a shut eye, too small, too blurred.

    Counted as a failure to acquire (ISO/IEC 19795-1), not as a fault of the file.

    Attributes:
        code: short stable name of the reason, such as "no_face" or "upper_lid".
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it comes back from a worker process."""
        return type(self), (str(self), self.code)


class DatasetError(TwofoldError):
    """A dataset that cannot be used as it is: empty, unpaired, wrongly labelled, too small."""


class OptionError(TwofoldError):
    """A choice that does not exist or does not fit the others."""


class ModelError(TwofoldError):
    """Weights or a run folder that are missing, altered, incomplete or of another kind."""


class OutputError(TwofoldError):
    """A result that could not be written; what was there before is untouched."""


class MissingExtraError(TwofoldError):
    """A part that needs an optional group of packages which is not installed."""
