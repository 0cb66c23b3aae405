"""What holds for a whole gallery: policies and the contracts of its templates."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Literal

from twofold.errors import OptionError
from twofold.fusion.decision import OnContradiction, Policy
from twofold.gallery.errors import TamperError
from twofold.gallery.values import DUPLICATES, Duplicates

Revocable = Literal[False, True, "gallery", "subject"]
"""Under whose key templates are transformed before they are sealed: nobody's (False), one of the
gallery's (True, the same as "gallery"), or each subject's own."""


@dataclass(frozen=True)
class Settings:
    """Kept sealed in the gallery; changed with `Gallery.configure`, which the audit records.

    Attributes:
        fmr: at which `verify` decides.
        contradiction: what becomes of a match whose modalities contradict each other.
        fpir: at which `identify` decides where it is asked for an open set without a rate.
        duplicates: what becomes of a person who is enrolled under another name already.
        duplicates_fpir: share of new people who may be taken for somebody else at enrolment.
        revocable: whether templates are transformed before they are sealed; fixed at creation.
            "subject": each subject's by a key of its own, so that there is only verification.
        transform: number of the transform of a revocable gallery; rises when it is revoked.
        face_contract, iris_contract: of the models whose templates are enrolled; set by the first
            enrolment of the modality.
        retired: what was declared void for good by those who keep tables beside the gallery; see
            `Gallery.retire`.

    Raises:
        OptionError: a rate or a choice that there is not, or duplicates to be looked for where
            nobody can be searched for.
    """

    fmr: float = 1e-3
    contradiction: OnContradiction = "refuse"
    fpir: float = 1e-2
    duplicates: Duplicates = "refuse"
    duplicates_fpir: float = 1e-2
    revocable: bool | Literal["subject"] = False
    transform: int = 1
    face_contract: str | None = None
    iris_contract: str | None = None
    retired: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Policy(self.fmr, self.contradiction)
        for name in ("fpir", "duplicates_fpir"):
            rate = getattr(self, name)
            if not 0 < rate < 1:
                raise OptionError(f"{name} {rate}: expected a rate such as 0.01.")
        if self.duplicates not in DUPLICATES:
            raise OptionError(
                f"duplicates {self.duplicates!r}: expected {', '.join(DUPLICATES[:-1])} or "
                f"{DUPLICATES[-1]}."
            )
        if self.revocable not in (False, True, "subject"):
            raise OptionError(f"revocable {self.revocable!r}: expected True, False or 'subject'.")
        self.require_duplicates(self.duplicates)

    @classmethod
    def begun(cls, revocable: Revocable) -> "Settings":
        """Those of a new gallery.

        Raises:
            OptionError: `revocable` is nothing of the kind.
        """
        if revocable == "subject":
            return cls(revocable="subject", duplicates="allow")
        return cls(revocable=True if revocable == "gallery" else revocable)

    @property
    def by_subject(self) -> bool:
        """Whether each subject's templates are under a key of its own."""
        return self.revocable == "subject"

    def require_searchable(self) -> None:
        """Refuse what compares a probe with more than one subject.

        Raises:
            OptionError: each subject has a key of its own.
        """
        if self.by_subject:
            raise OptionError(
                "in this gallery each subject's templates are under a key of their own, so that "
                "nobody can be searched for. Name the subject and verify, or import an export of "
                "this gallery into one made with revocable=True."
            )

    def require_duplicates(self, policy: Duplicates) -> None:
        """Refuse a policy for duplicates that cannot be kept to.

        Raises:
            OptionError: they would have to be looked for, and nobody can be searched for.
        """
        if self.by_subject and policy != "allow":
            raise OptionError(
                f"duplicates {policy!r}: each subject's templates are under a key of their own, so "
                "that a person who is enrolled under another name cannot be found. Only 'allow' "
                "is possible."
            )

    @property
    def policy(self) -> Policy:
        """At which `verify` decides."""
        return Policy(self.fmr, self.contradiction)

    def told(self) -> dict[str, object]:
        """For the audit: what differs from the defaults may matter, so all of it."""
        return asdict(self) | {"retired": list(self.retired)}

    def to_bytes(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Settings":
        """Read what `to_bytes` wrote; a field of a later version is a `TamperError`."""
        values = json.loads(content)
        known = {one.name for one in fields(cls)}
        if not isinstance(values, dict) or not set(values) <= known:
            raise TamperError("the gallery's settings: unknown fields. Update Twofold.")
        return cls(**(values | {"retired": tuple(values.get("retired", ()))}))


CHANGEABLE = ("fmr", "contradiction", "fpir", "duplicates", "duplicates_fpir")
"""Settings that `Gallery.configure` may change."""
