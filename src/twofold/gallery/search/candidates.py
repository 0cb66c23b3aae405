"""What a search finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """One subject of a gallery beside a probe (ISO/IEC 2382-37: candidate).

    Attributes:
        subject: integer id of the subject.
        llr: fused natural-log likelihood ratio, equal to `Recognizer.ratios(...)["fused"]`.
        face_llr: of the faces alone; None where they could not be compared.
        iris_llr: of the irises alone, both eyes together; None likewise.
    """

    subject: int
    llr: float
    face_llr: float | None
    iris_llr: float | None


Candidates = tuple[Candidate, ...]
"""Best first; of equal ratios the lower id first."""
