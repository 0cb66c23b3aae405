"""`python -m tests.gallery.fixture PATH`: writes the gallery that later versions must open.

Run once for each version of the schema; what was committed is never written anew. The subjects are
nobody: templates by the formulae of tests/templates.py. The key protects nothing.
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

from tests.recognition import made_up_model
from tests.templates import FACE_CONTRACT, IRIS_CONTRACT, face, iris
from twofold.gallery import Consent, Gallery, KeySource
from twofold.recognizer import Recognizer
from twofold.template import Template

KEY = "6f1d0a5c93b7e8422f60d9c1a4738be55c02e71f9ab4863dd0571c2e88f4a93b"
CONSENT = Consent("example consent", datetime(2026, 11, 25, 9, 30, tzinfo=UTC))
EXPIRES = date(2999, 1, 1)
NAMES = ("Zo\u00eb", "with consent", "several references", "face only")


def person(number: int, sample: int = 0) -> Template:
    """Both modalities of somebody who does not exist."""
    return Template(
        (face(3 * number, quality=60.0 + sample),),
        (iris(3 * number, "left", "nir"),),
        FACE_CONTRACT,
        IRIS_CONTRACT,
    )


def enrolled() -> dict[str, Template]:
    """Who is in the gallery, with all references."""
    return {
        NAMES[0]: person(1),
        NAMES[1]: person(2),
        NAMES[2]: person(3).merged(person(3, sample=1)),
        NAMES[3]: person(4).only("face"),
    }


def opened(path: Path) -> Gallery:
    """The gallery, with calibrations for its made-up contracts."""
    return Gallery.open(
        path,
        key=KeySource.from_bytes(bytes.fromhex(KEY)),
        recognizer=Recognizer(fusion=made_up_model(FACE_CONTRACT, IRIS_CONTRACT)),
        actor="fixture",
    )


def write(path: Path) -> None:
    """Make the gallery."""
    with opened(path) as gallery:
        gallery.configure(fmr=1e-2, duplicates="allow")
        gallery.enroll(NAMES[0], person(1))
        gallery.enroll(NAMES[1], person(2), consent=CONSENT, expires=EXPIRES)
        gallery.enroll(NAMES[2], person(3))
        gallery.enroll("erased", person(5))
        gallery.update(NAMES[2], person(3, sample=1))
        gallery.withdraw("erased")
        gallery.rotate_keys(data=True)
        gallery.enroll(NAMES[3], person(4).only("face"))
        gallery.verify(NAMES[0], person(1))
        gallery.identify(person(2))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
