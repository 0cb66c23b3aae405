"""What goes wrong with the pictures of a person."""

from collections.abc import Iterable
from typing import Any

from twofold.errors import AcquisitionError
from twofold.template import Failure


class ExtractionError(AcquisitionError):
    """None of the pictures of a person yielded anything.

    The message has every reason, and `code` is the first one's.

    Attributes:
        failures: of each picture, in order; at least one.
    """

    def __init__(self, failures: Iterable[Failure]) -> None:
        self.failures = tuple(failures)
        told = " ".join(f"{failure.message.rstrip('.')}." for failure in self.failures)
        super().__init__(told, self.failures[0].code)

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it comes back from a worker process."""
        return type(self), (self.failures,)
