"""Faces of people who do not exist, rendered once by tools/faces and shipped with the package.

The pictures are synthetic: no figure computed from them says anything about real people, and no
threshold chosen on them may be used for real ones. Source and licence (CC0 1.0): faces/README.md.
"""

from importlib.resources import files

from twofold.errors import OptionError
from twofold.images import Pixels, read

RENDERED_SUBJECTS = 64
RENDERED_SAMPLES = 5


def rendered_face(subject: int, sample: int) -> Pixels:
    """Picture number `sample` of the person number `subject`, both from 0.

    Returns:
        The grey picture, uint8 (112, 92).

    Raises:
        OptionError: there is no such picture.
        ImageError: the file of the package is damaged.
    """
    if not (0 <= subject < RENDERED_SUBJECTS and 0 <= sample < RENDERED_SAMPLES):
        raise OptionError(
            f"no rendered face {subject}/{sample}. Choose a subject from 0 to "
            f"{RENDERED_SUBJECTS - 1} and a sample from 0 to {RENDERED_SAMPLES - 1}."
        )
    picture = files("twofold.data") / "faces" / f"{subject:03d}" / f"{sample}.png"
    return read(picture.read_bytes(), colour="grey")
