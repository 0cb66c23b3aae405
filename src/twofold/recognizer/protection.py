"""Comparing with references that a keyed transform protected (`twofold.gallery.protection`).

The recogniser does not know how: it is handed an object that protects the probe likewise.
"""

from typing import Protocol

from twofold.errors import ModelError
from twofold.iris.code import CodeLayout, Words
from twofold.recognizer.scoring import Scored
from twofold.recognizer.scoring import score as score_templates
from twofold.template import Template, require_same_contracts


class Protection(Protocol):
    """A transform of templates under which scores stay what they are."""

    def probe(self, template: Template) -> Template:
        """The probe with its faces changed and the contracts of protected samples.

        Its irises stay as they are, since every rotation of them is to be changed.
        """

    def rotations(self, layout: CodeLayout, rolled: Words) -> Words:
        """The rotations of the probe's irises changed (`twofold.iris.kernel.RotationTransform`)."""


def score(probe: Template, reference: Template, protection: Protection) -> tuple[Scored, ...]:
    """Scores of an unprotected probe with a protected reference; see `recognizer.scoring.score`.

    Raises:
        ModelError: the reference was protected otherwise, or not at all, or made by other models.
    """
    presented = protection.probe(probe)
    try:
        require_same_contracts(presented, reference)
    except ModelError as error:
        raise ModelError(
            "the reference was not protected with this key, or the two templates come from "
            "different models, so they cannot be compared. Use the transform and the models that "
            "the reference was made with."
        ) from error
    return score_templates(presented, reference, protection.rotations)
