"""What holds for a whole gallery: policies and the contracts of its templates."""

import json
from dataclasses import asdict, dataclass, fields

from twofold.errors import OptionError
from twofold.fusion.decision import OnContradiction, Policy
from twofold.gallery.errors import TamperError
from twofold.gallery.values import DUPLICATES, Duplicates


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
        transform: number of the transform of a revocable gallery; rises when it is revoked.
        face_contract, iris_contract: of the models whose templates are enrolled; set by the first
            enrolment of the modality.

    Raises:
        OptionError: a rate or a choice that there is not.
    """

    fmr: float = 1e-3
    contradiction: OnContradiction = "refuse"
    fpir: float = 1e-2
    duplicates: Duplicates = "refuse"
    duplicates_fpir: float = 1e-2
    revocable: bool = False
    transform: int = 1
    face_contract: str | None = None
    iris_contract: str | None = None

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

    @property
    def policy(self) -> Policy:
        """At which `verify` decides."""
        return Policy(self.fmr, self.contradiction)

    def told(self) -> dict[str, object]:
        """For the audit: what differs from the defaults may matter, so all of it."""
        return asdict(self)

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
        return cls(**values)


CHANGEABLE = ("fmr", "contradiction", "fpir", "duplicates", "duplicates_fpir")
"""Settings that `Gallery.configure` may change."""
