"""Whether the samples of one enrolment show one person.

A sample is another person's, as far as can be told, where it strongly disagrees with more than
half of the samples that it can be compared with: those of its modality, and for irises of the same
eye, named on both. "Strongly" is what a contradiction is made of (`fusion.wording`): at least ten
times likelier for two people. Samples that join a subject's references are also held against these
alone, so that two of a stranger's do not vouch for each other.
"""

from collections.abc import Callable, Sequence

from twofold.fusion.wording import STRONG_NON_MATCH
from twofold.gallery.errors import EnrolmentError
from twofold.template import Template

Ratio = Callable[[Template, Template], float | None]
"""Log-likelihood ratio of two templates of one sample each; None where they cannot be compared."""


def require_one_person(template: Template, ratio: Ratio) -> None:
    """Refuse a template whose samples are of several people.

    Raises:
        EnrolmentError: "mixed", with the samples named.
    """
    samples = _samples(template)
    foreign = [
        named
        for place, (named, sample) in enumerate(samples)
        if _disagrees(sample, [one for i, (_, one) in enumerate(samples) if i != place], ratio)
    ]
    if foreign:
        raise EnrolmentError(
            f"{' and '.join(foreign)} strongly disagree(s) with the other sample(s): of several "
            "people, or of too poor quality. Take them again, or leave them out.",
            "mixed",
        )


def require_same_person(template: Template, references: Template, ratio: Ratio) -> None:
    """Refuse samples that are not of the subject whom they are to be added to.

    Args:
        template: the new samples.
        references: those that there are; the second argument of `ratio`.
        ratio: as for `require_one_person`.

    Raises:
        EnrolmentError: "mixed", with the samples named.
    """
    there = [one for _, one in _samples(references)]
    foreign = [named for named, one in _samples(template) if _disagrees(one, there, ratio)]
    if foreign:
        raise EnrolmentError(
            f"{' and '.join(foreign)} strongly disagree(s) with the references of this subject: "
            "another person's, or of too poor quality. Take them again, or leave them out.",
            "mixed",
        )


def _disagrees(sample: Template, others: Sequence[Template], ratio: Ratio) -> bool:
    said = [
        one
        for other in others
        if _comparable(sample, other) and (one := ratio(sample, other)) is not None
    ]
    return 2 * sum(one <= STRONG_NON_MATCH for one in said) > len(said)


def _comparable(one: Template, other: Template) -> bool:
    if one.modalities != other.modalities:
        return False
    return not one.irises or one.irises[0].eye == other.irises[0].eye is not None


def _samples(template: Template) -> list[tuple[str, Template]]:
    """Each sample as a template of its own, with its name for messages."""
    faces = [
        (f"face {place + 1}", Template((face,), (), template.face_contract))
        for place, face in enumerate(template.faces)
    ]
    irises = [
        (
            f"iris {place + 1}{f' ({iris.eye})' if iris.eye else ''}",
            Template((), (iris,), None, template.iris_contract),
        )
        for place, iris in enumerate(template.irises)
    ]
    return faces + irises
