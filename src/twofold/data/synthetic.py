"""Makes a small dataset of people who do not exist, in the layout of the original report.

Every picture depends on (seed, subject, sample) alone, so that the same seed gives the same bytes
in any order and for any number of people. Nothing measured on these people says how well real ones
are told apart.
"""

import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from twofold.data.synthetic_face import Face, draw_face, make_face
from twofold.data.synthetic_iris import Eye, draw_eye, make_eye
from twofold.errors import OptionError, OutputError
from twofold.files import make_folder, write_text
from twofold.images import Pixels

TRAINING = "04_multimodal_training"
TEST = "04_multimodal_test"
MARKER = "SYNTHETIC.txt"
KEY = "key.csv"

_NOTICE = """\
These people do not exist: every picture in this folder was drawn by a program (Twofold).
Figures computed from them are labelled synthetic and say nothing about real people.
"""
_SKIN = np.array([[86, 56, 42], [226, 180, 154]], dtype=np.float32)  # RGB, darkest and lightest
# What a random stream is for; part of its key, so that streams never meet.
_PERSON, _SAMPLE, _ORDER = range(3)


@dataclass(frozen=True)
class Person:
    """A face and an eye that belong together, with one skin."""

    face: Face
    eye: Eye


def make_person(seed: int, subject: int) -> Person:
    """Invent the person number `subject` (from 0) of the population `seed`."""
    rng = np.random.default_rng([seed, _PERSON, subject])
    tone = rng.uniform(0, 1)
    skin = (_SKIN[0] + tone * (_SKIN[1] - _SKIN[0])) * rng.uniform(0.95, 1.05, 3)
    return Person(make_face(rng, 0.42 + 0.46 * tone), make_eye(rng, skin.astype(np.float32)))


def draw_pair(
    person: Person,
    seed: int,
    subject: int,
    sample: int,
    *,
    iris_size: tuple[int, int] = (150, 200),
    face_size: tuple[int, int] = (56, 46),
) -> tuple[Pixels, Pixels]:
    """Take one picture of the face and one of the eye.

    Returns:
        The face, uint8 (height, width), and the iris, uint8 (height, width, 3) RGB.
    """
    rng = np.random.default_rng([seed, _SAMPLE, subject, sample])
    return draw_face(person.face, rng, face_size), draw_eye(person.eye, rng, iris_size)


def _prepare(out: Path) -> tuple[Path, Path]:
    """Empty folders for both parts; only a set that was made here is ever replaced."""
    parts = out / TRAINING, out / TEST
    taken = [part for part in parts if part.exists()]
    if taken and not (out / MARKER).is_file():
        raise OutputError(
            f"{taken[0]} exists and was not made by Twofold. Choose another folder or move it away."
        )
    make_folder(out)
    # The notice comes first: pictures of people who do not exist are never without it.
    write_text(out / MARKER, _NOTICE)
    for part in taken:
        shutil.rmtree(part)
    (out / KEY).unlink(missing_ok=True)
    return make_folder(parts[0]), make_folder(parts[1])


def synthesise(
    out: Path,
    subjects: int = 64,
    samples: int = 4,
    tests: int = 1,
    seed: int = 1,
    iris_size: tuple[int, int] = (150, 200),
    face_size: tuple[int, int] = (56, 46),
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a dataset of synthetic people in the report's layout.

    `out` gets 04_multimodal_training/ (SUBJECT_SAMPLE.BMP, grey face, and .png, RGB iris),
    04_multimodal_test/ (N.BMP and N.png, people in random order), key.csv (the answers to the
    test pairs, columns Image and Answer; written last) and SYNTHETIC.txt, which marks the set.

    Args:
        out: folder to write to; a set that was made there before is replaced.
        subjects: number of people, labelled 0 to subjects - 1.
        samples: labelled pairs for each person.
        tests: unlabelled pairs for each person.
        seed: the population; the same seed gives the same bytes.
        iris_size, face_size: (height, width) in pixels.
        progress: called with (pairs written, pairs in all) after each pair.

    Raises:
        OptionError: a number is out of range.
        OutputError: `out` cannot be written to or holds a dataset of somebody else's.
    """
    if subjects < 1 or samples < 1 or tests < 0 or seed < 0:
        raise OptionError("subjects and samples must be at least 1, tests and seed at least 0.")
    if min(*iris_size, *face_size) < 16:
        raise OptionError("synthetic pictures need at least 16 pixels a side.")
    training, test = _prepare(out)
    places = np.random.default_rng([seed, _ORDER]).permutation(subjects * tests)
    answers: dict[int, int] = {}
    total = subjects * (samples + tests)
    for subject in range(subjects):
        person = make_person(seed, subject)
        for sample in range(samples + tests):
            face, iris = draw_pair(
                person, seed, subject, sample, iris_size=iris_size, face_size=face_size
            )
            if sample < samples:
                stem = training / f"{subject}_{sample}"
            else:
                number = int(places[subject * tests + sample - samples])
                answers[number] = subject
                stem = test / str(number)
            _write_pair(stem, face, iris)
            if progress is not None:
                progress(subject * (samples + tests) + sample + 1, total)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["Image", "Answer"])
    writer.writerows(sorted(answers.items()))
    write_text(out / KEY, table.getvalue())


def _write_pair(stem: Path, face: Pixels, iris: Pixels) -> None:
    try:
        Image.fromarray(face).save(stem.with_suffix(".BMP"), "BMP")
        Image.fromarray(iris).save(stem.with_suffix(".png"), "PNG")
    except OSError as error:
        raise OutputError(
            f"cannot write the pair {stem}: {error.strerror or error}. Free some space or choose "
            "another folder."
        ) from error
