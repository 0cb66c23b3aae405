"""The one way to a reported ratio: what `Recognizer.ratios` does, with the model at hand."""

from twofold.fusion.model import FusionModel
from twofold.gallery.search.candidates import Candidate
from twofold.recognizer.protection import Protection
from twofold.recognizer.scoring import score
from twofold.recognizer.weighing import weigh
from twofold.template import Template


def rescore(
    model: FusionModel,
    probe: Template,
    subject: int,
    reference: Template,
    protection: Protection | None = None,
) -> Candidate | None:
    """The subject as a candidate; None where probe and reference have nothing in common.

    Args:
        model: calibrations of their contracts.
        probe: with `protection`, what its `probe` made.
        subject: id of the reference's.
        reference: of the probe's contracts.
        protection: of the reference.

    Raises:
        ModelError: a modality that both have is not calibrated.
    """
    transform = None if protection is None else protection.rotations
    scores = score(probe, reference, transform)
    if not scores:
        return None
    found: dict[str, float] = {one.modality: one.llr for one in weigh(model, scores)[1]}
    return Candidate(subject, model.fuse(found), found.get("face"), found.get("iris"))
