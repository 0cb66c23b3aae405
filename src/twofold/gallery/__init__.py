"""Enrolled subjects: store, protection, audit, exact 1:N search.

Names are loaded when they are first used, so that the search alone needs no database.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twofold.gallery.audit import AuditHead, AuditReport, Event
    from twofold.gallery.errors import (
        EnrolmentError,
        ExpiredError,
        GalleryError,
        MasterKeyError,
        TamperError,
        UnknownReferenceError,
        UnknownSubjectError,
    )
    from twofold.gallery.gallery import Gallery
    from twofold.gallery.keeping import Erasure
    from twofold.gallery.keys.source import KeySource, generate_key_file
    from twofold.gallery.settings import Settings
    from twofold.gallery.transfer import Transfer
    from twofold.gallery.values import (
        Candidate,
        Consent,
        Duplicate,
        Enrolment,
        Identification,
        NewSubject,
        Reference,
        Subject,
        Verification,
    )

_PLACES = {
    "audit": ("AuditHead", "AuditReport", "Event"),
    "errors": (
        "EnrolmentError", "ExpiredError", "GalleryError", "MasterKeyError", "TamperError",
        "UnknownReferenceError", "UnknownSubjectError",
    ),
    "gallery": ("Gallery",),
    "keeping": ("Erasure",),
    "keys.source": ("KeySource", "generate_key_file"),
    "settings": ("Settings",),
    "transfer": ("Transfer",),
    "values": (
        "Candidate", "Consent", "Duplicate", "Enrolment", "Identification", "NewSubject",
        "Reference", "Subject", "Verification",
    ),
}  # fmt: skip
__all__ = [
    "AuditHead",
    "AuditReport",
    "Candidate",
    "Consent",
    "Duplicate",
    "Enrolment",
    "EnrolmentError",
    "Erasure",
    "Event",
    "ExpiredError",
    "Gallery",
    "GalleryError",
    "Identification",
    "KeySource",
    "MasterKeyError",
    "NewSubject",
    "Reference",
    "Settings",
    "Subject",
    "TamperError",
    "Transfer",
    "UnknownReferenceError",
    "UnknownSubjectError",
    "Verification",
    "generate_key_file",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for place, names in _PLACES.items():
        if name in names:
            return getattr(import_module(f"twofold.gallery.{place}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
