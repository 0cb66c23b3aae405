"""The shipped set of rendered faces, and the program that rendered it."""

import hashlib
import io
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from twofold.data.rendered_faces import RENDERED_SAMPLES, RENDERED_SUBJECTS, rendered_face
from twofold.errors import OptionError

FOLDER = Path(str(files("twofold.data") / "faces"))
NUMBERS = [(i, k) for i in range(RENDERED_SUBJECTS) for k in range(RENDERED_SAMPLES)]


def test_every_face_is_a_grey_picture_of_the_promised_size() -> None:
    for subject, sample in NUMBERS:
        face = rendered_face(subject, sample)
        assert (face.shape, face.dtype) == ((112, 92), np.uint8)
        assert face.std() > 12, (subject, sample)
        content = (FOLDER / f"{subject:03d}" / f"{sample}.png").read_bytes()
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.format, picture.mode) == ("PNG", "L")


def test_the_set_is_complete_small_and_without_duplicates() -> None:
    pictures = sorted(FOLDER.glob("*/*.png"))
    assert len(pictures) == len(NUMBERS) == 320
    assert len({picture.read_bytes() for picture in pictures}) == 320
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < 2.5e6


def test_notice_and_digests_are_present_and_true() -> None:
    notice = (FOLDER / "README.md").read_text("utf-8")
    for word in ("synthetic", "CC0 1.0", "MakeHuman", "tools/faces", "seed 1"):
        assert word in notice, word
    lines = (FOLDER / "SHA256SUMS").read_text("ascii").splitlines()
    assert len(lines) == 320
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_pictures_of_one_person_are_more_alike_than_of_two() -> None:
    """Outlines and tones alone, shrunk to 12x10, already tell most people apart."""
    small = np.stack(
        [
            np.asarray(Image.fromarray(rendered_face(*number)).resize((10, 12)), float).ravel()
            for number in NUMBERS
        ]
    )
    small -= small.mean(1, keepdims=True)
    small /= np.linalg.norm(small, axis=1, keepdims=True)
    alike = small @ small.T
    subject = np.array([number[0] for number in NUMBERS])
    same = subject[:, None] == subject[None]
    np.fill_diagonal(same, False)
    assert alike[same].mean() > alike[subject[:, None] != subject[None]].mean() + 0.05


@pytest.mark.parametrize("number", [(-1, 0), (64, 0), (0, -1), (0, 5)])
def test_a_face_that_does_not_exist_is_refused(number: tuple[int, int]) -> None:
    with pytest.raises(OptionError, match="no rendered face"):
        rendered_face(*number)
