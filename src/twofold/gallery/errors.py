"""What goes wrong with galleries: few kinds, each of which a caller can act on."""

from twofold.errors import TwofoldError


class GalleryError(TwofoldError):
    """A gallery that cannot be used as it is: not there, newer, busy, or out of reach."""


class MasterKeyError(GalleryError):
    """No master key, an unreadable one, or not this gallery's. The message never shows a key."""


class TamperError(GalleryError):
    """A record that was changed, swapped or removed by someone without the keys, or damaged."""


class UnknownSubjectError(GalleryError):
    """No subject of that name is enrolled (any more)."""


class UnknownReferenceError(GalleryError):
    """The subject has no reference of that number (any more)."""


class ExpiredError(GalleryError):
    """A subject whose time is over; the references are not compared any more."""


class EnrolmentError(GalleryError):
    """Somebody who was not enrolled; counted as a failure to enrol (ISO/IEC 19795-1).

    Attributes:
        code: "exists" (the name is taken), "duplicate" (the person is enrolled under another name),
            "mixed" (samples of several people) or "contract" (made by other models).
        subjects: names of those already enrolled that it is about, best first.
    """

    def __init__(self, message: str, code: str, subjects: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.subjects = subjects
