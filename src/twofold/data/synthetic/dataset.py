"""Writes a dataset of people who do not exist, in the layout of the original report.

Nothing measured on these people says how well real ones are told apart.
"""

import csv
import io
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from twofold.data.rendered_faces import RENDERED_SAMPLES, RENDERED_SUBJECTS, rendered_face
from twofold.data.synthetic.eye import Side
from twofold.data.synthetic.people import ORDER, RENDERED, SAMPLE, draw_iris, make_person
from twofold.data.synthetic.truth import FOLDER, write_truth
from twofold.data.synthetic.view import Light
from twofold.data.synthetic_face import draw_face
from twofold.errors import OptionError, OutputError
from twofold.files import make_folder, write_text
from twofold.images import Pixels, read

TRAINING = "04_multimodal_training"
TEST = "04_multimodal_test"
MARKER = "SYNTHETIC.txt"
KEY = "key.csv"
MANIFEST = "manifest.csv"

Eyes = Literal["left", "both"]

_NOTICE = """\
These people do not exist: every picture in this folder was drawn by a program (Twofold).
Figures computed from them are labelled synthetic and say nothing about real people.
"""
_QUICK = 1  # compression of PNG files: noise hardly shrinks, and more costs most of the time
_MOST_THREADS = 8


@dataclass(frozen=True)
class _Wish:
    """What is to be drawn."""

    seed: int
    samples: int
    tests: int
    iris_size: tuple[int, int]
    face_size: tuple[int, int]
    light: Light
    eyes: Eyes
    truth: bool

    def rendered(self, subject: int) -> bool:
        """Whether the person's face is a rendered one; there are so many people and pictures."""
        return subject < RENDERED_SUBJECTS and self.samples + self.tests <= RENDERED_SAMPLES

    def side(self, sample: int) -> Side:
        """Which eye a sample shows: the left one, or with both L, L, R, R; L, R in the test."""
        if self.eyes == "left":
            return "left"
        right = sample % 4 >= 2 if sample < self.samples else (sample - self.samples) % 2 == 1
        return "right" if right else "left"


def synthesise(
    out: Path,
    subjects: int = 64,
    samples: int = 4,
    tests: int = 1,
    seed: int = 1,
    iris_size: tuple[int, int] = (150, 200),
    face_size: tuple[int, int] = (56, 46),
    progress: Callable[[int, int], None] | None = None,
    light: Light = "visible",
    eyes: Eyes = "left",
    truth: bool = False,
) -> None:
    """Write a dataset of synthetic people in the report's layout.

    `out` gets 04_multimodal_training/ (SUBJECT_SAMPLE.BMP, grey face, and .png, iris in RGB or in
    infrared grey), 04_multimodal_test/ (N.BMP and N.png, people in random order), key.csv (the
    answers to the test pairs, columns Image and Answer; written last) and SYNTHETIC.txt, which
    marks the set. With both eyes, manifest.csv says which eye a training pair shows. With `truth`,
    truth/ holds for every iris what `twofold.data.synthetic.truth` describes.

    Faces are rendered ones (`twofold.data.rendered_faces`, dealt out by the seed) for up to 64
    people with up to 5 pairs each, tests included; beyond that they are drawn.

    Args:
        out: folder to write to; a set that was made there before is replaced.
        subjects: number of people, labelled 0 to subjects - 1.
        samples: labelled pairs for each person.
        tests: unlabelled pairs for each person.
        seed: the population; the same seed gives the same bytes.
        iris_size, face_size: (height, width) in pixels.
        progress: called with (pairs written, pairs in all) after each pair.
        light: white light or near infrared, of the irises.
        eyes: the left one of each person, or both: left, left, right, right, and so on.
        truth: write outlines and masks, too.

    Raises:
        OptionError: a number is out of range.
        OutputError: `out` cannot be written to or holds a dataset of somebody else's.
    """
    if subjects < 1 or samples < 1 or tests < 0 or seed < 0:
        raise OptionError("subjects and samples must be at least 1, tests and seed at least 0.")
    if min(*iris_size, *face_size) < 16:
        raise OptionError("synthetic pictures need at least 16 pixels a side.")
    if max(*iris_size, *face_size) > 4096:
        raise OptionError("synthetic pictures may have at most 4096 pixels a side.")
    wish = _Wish(seed, samples, tests, iris_size, face_size, light, eyes, truth)
    training, test = _prepare(out, truth)
    places = np.random.default_rng([seed, ORDER]).permutation(subjects * tests)
    answers = {int(place): number // tests for number, place in enumerate(places)}

    def draw(subject: int) -> int:
        stems = [training / f"{subject}_{sample}" for sample in range(samples)]
        stems += [test / str(place) for place in places[subject * tests : (subject + 1) * tests]]
        return _draw_subject(subject, stems, wish)

    done, total = 0, subjects * (samples + tests)
    for drawn in _in_threads(draw, subjects):
        for _ in range(drawn):
            done += 1
            if progress is not None:
                progress(done, total)
    if eyes == "both":
        _write_manifest(out, subjects, wish)
    _write_table(out / KEY, ["Image", "Answer"], sorted(answers.items()))


def _in_threads(draw: Callable[[int], int], subjects: int) -> Iterator[int]:
    """Draw people side by side; every picture has a seed of its own, so order does not matter."""
    workers = min(os.cpu_count() or 1, _MOST_THREADS, subjects)
    with ThreadPoolExecutor(workers, thread_name_prefix="synth") as pool:
        futures = [pool.submit(draw, subject) for subject in range(subjects)]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _draw_subject(subject: int, stems: list[Path], wish: _Wish) -> int:
    person = make_person(wish.seed, subject)
    whose = np.random.default_rng([wish.seed, RENDERED]).permutation(RENDERED_SUBJECTS)
    for sample, stem in enumerate(stems):
        side = wish.side(sample)
        if wish.rendered(subject):
            face = read(rendered_face(int(whose[subject]), sample), size=wish.face_size)
        else:
            rng = np.random.default_rng([wish.seed, SAMPLE, subject, sample])
            face = draw_face(person.face, rng, wish.face_size)
        iris, view, covers = draw_iris(
            person,
            wish.seed,
            subject,
            sample,
            side=side,
            size=wish.iris_size,
            light=wish.light,
            truth=wish.truth,
        )
        _write_pair(stem, face, iris)
        if covers is not None:
            place = stem.parent.parent / FOLDER / stem.parent.name / stem.name
            write_truth(place, person.eye(side), view, wish.iris_size, covers)
    return len(stems)


def _prepare(out: Path, truth: bool) -> tuple[Path, Path]:
    """Empty folders for all parts; only a set that was made here is ever replaced."""
    parts = out / TRAINING, out / TEST, out / FOLDER
    tables = out / KEY, out / MANIFEST
    taken = [path for path in (*parts, *tables) if path.exists()]
    if taken and not (out / MARKER).is_file():
        raise OutputError(
            f"{taken[0]} exists and was not made by Twofold. Choose another folder or move it away."
        )
    make_folder(out)
    # The notice comes first: pictures of people who do not exist are never without it.
    write_text(out / MARKER, _NOTICE)
    for path in taken:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    if truth:
        for part in parts[:2]:
            make_folder(out / FOLDER / part.name)
    return make_folder(parts[0]), make_folder(parts[1])


def _write_manifest(out: Path, subjects: int, wish: _Wish) -> None:
    rows = []
    for subject in range(subjects):
        for sample in range(wish.samples):
            stem = f"{TRAINING}/{subject}_{sample}"
            rows.append((subject, f"{stem}.BMP", f"{stem}.png", wish.side(sample)))
    _write_table(out / MANIFEST, ["subject", "face", "iris", "eye"], rows)


def _write_table(path: Path, header: list[str], rows: Sequence[Sequence[object]]) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, table.getvalue())


def _write_pair(stem: Path, face: Pixels, iris: Pixels) -> None:
    try:
        Image.fromarray(face).save(stem.with_suffix(".BMP"), "BMP")
        Image.fromarray(iris).save(stem.with_suffix(".png"), "PNG", compress_level=_QUICK)
    except OSError as error:
        raise OutputError(
            f"cannot write the pair {stem}: {error.strerror or error}. Free some space or choose "
            "another folder."
        ) from error
