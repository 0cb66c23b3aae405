"""Synthetic irises: exact truth, eyes that differ, samples that agree."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from tests.data.fingerprints import fingerprint, pictures, stored

from twofold.data.layouts import read_dataset
from twofold.data.synthetic import TEST, TRAINING, draw_iris, make_person, synthesise
from twofold.data.synthetic.eye import Eye
from twofold.data.synthetic.eye_camera import draw_eye
from twofold.data.synthetic.iris_texture import IrisTexture
from twofold.data.synthetic.truth import BITS, label_map, outline_facts
from twofold.data.synthetic.view import Outlines, View, draw_view
from twofold.errors import OptionError, OutputError

ROOT = Path(__file__).resolve().parents[2]
SIZE = (240, 320)
ZOOM = 4


@pytest.fixture(scope="module", params=["left", "right"])
def eye(request: pytest.FixtureRequest) -> Eye:
    return make_person(3, 1).eye(request.param)


def a_view(eye: Eye, number: int, **changes: object) -> View:
    """A view with marked gaze and roll, so that nothing is symmetric by chance."""
    view = draw_view(np.random.default_rng(number), eye)
    return replace(view, gaze=(0.14 - 0.1 * number, 0.08), roll=0.07, **changes)


def enlarged(points: list[list[float]]) -> np.ndarray:
    """Truth of a picture in the pixels of one drawn ZOOM times larger."""
    return ((np.array(points) + 0.5) * ZOOM - 0.5).astype(np.float32)


def furthest(mask: np.ndarray, outline: np.ndarray) -> float:
    """How far off `outline` (pixels) a pixel lies that it and `mask` put on different sides."""
    worst = 0.0
    for y, x in np.argwhere(mask != filled(mask.shape, outline)):
        worst = max(worst, abs(cv2.pointPolygonTest(outline, (float(x), float(y)), True)))
    return worst


def filled(shape: tuple[int, ...], outline: np.ndarray) -> np.ndarray:
    """Pixels whose centre lies inside, by crossings (cv2.fillPoly adds the pixels on the line)."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    inside = np.zeros(shape, bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        rows = slice(max(0, int(min(y0, y1))), max(0, int(max(y0, y1)) + 1))
        if y0 == y1:
            continue
        crossed = (y0 > y[rows]) != (y1 > y[rows])
        inside[rows] ^= crossed & (x < (x1 - x0) * (y[rows] - y0) / (y1 - y0) + x0)
    return inside


@pytest.mark.parametrize("number", [0, 1, 2])
def test_outlines_agree_with_the_drawn_masks(eye: Eye, number: int) -> None:
    """To half a pixel, checked on a picture drawn four times larger."""
    view = a_view(eye, number)
    facts = outline_facts(eye, view, SIZE)
    covers = draw_eye(eye, view, (SIZE[0] * ZOOM, SIZE[1] * ZOOM), truth=True)[1]
    assert covers is not None
    pupil = covers.pupil >= 0.5
    disc = pupil | (covers.iris >= 0.5)
    assert pupil.sum() > 2000
    assert furthest(pupil, enlarged(facts["pupil"])) < 0.5 * ZOOM
    assert furthest(disc, enlarged(facts["limbus"])) < 0.5 * ZOOM
    opening = np.concatenate([facts["upper_lid"], facts["lower_lid"][::-1]])
    assert furthest(covers.opening >= 0.5, enlarged(opening.tolist())) < 0.5 * ZOOM


@pytest.mark.parametrize("number", [0, 1])
def test_the_pupil_outline_is_where_the_picture_turns_dark(eye: Eye, number: int) -> None:
    """On a plain iris, half way between pupil and iris lies on the outline, to half a pixel."""
    plain = IrisTexture(
        np.full_like(eye.texture.visible, 120), np.full_like(eye.texture.infrared, 120)
    )
    eye = replace(eye, texture=plain)
    view = a_view(
        eye, number, light="nir", highlights=(), reflections=(), noise=0.0, motion=0.0, opening=1.1
    )
    picture = draw_eye(eye, view, (480, 640))[0].astype(np.float32)
    outline = Outlines(eye, view, (480, 640)).pupil()
    centre = outline.mean(axis=0)
    offsets = np.linspace(-12, 12, 241)
    found = []
    for point in outline:
        ray = (point - centre) / np.hypot(*(point - centre))
        if abs(ray[1]) > 0.7:  # where lashes may reach
            continue
        path = (point + offsets[:, None] * ray).astype(np.float32)
        profile = cv2.remap(picture, path[None, :, 0], path[None, :, 1], cv2.INTER_LINEAR)[0]
        half = (profile[:40].mean() + profile[-40:].mean()) / 2
        found.append(offsets[np.argmax(profile > half)])
    assert len(found) > 60
    assert np.abs(found).max() < 0.5


def test_truth_scales_with_the_picture(eye: Eye) -> None:
    view = a_view(eye, 1)
    small = outline_facts(eye, view, SIZE)
    large = outline_facts(eye, view, (SIZE[0] * ZOOM, SIZE[1] * ZOOM))
    for name in ("pupil", "limbus", "upper_lid", "lower_lid"):
        assert np.allclose(enlarged(small[name]), large[name], atol=0.01)


def test_pupil_lies_within_the_limbus_and_both_in_the_picture() -> None:
    for subject in range(6):
        eye = make_person(4, subject).left
        for number in range(10):
            view = draw_view(np.random.default_rng([subject, number]), eye)
            outlines = Outlines(eye, view, (480, 640))
            pupil, limbus = outlines.pupil(), outlines.limbus()
            contour = limbus.astype(np.float32)
            assert all(cv2.pointPolygonTest(contour, tuple(p), False) > 0 for p in pupil)
            assert limbus.min() >= 0
            assert (limbus.max(axis=0) < (640, 480)).all()


def test_labels_are_consistent(eye: Eye) -> None:
    covers = draw_eye(eye, a_view(eye, 2), SIZE, truth=True)[1]
    assert covers is not None
    labels = label_map(covers)
    has = {name: (labels & bit) > 0 for name, bit in BITS.items()}
    assert labels.shape == SIZE
    assert all(mask.any() for mask in has.values())
    assert not (has["iris"] & has["pupil"]).any()
    hidden = ~has["opening"] | has["lashes"] | has["highlights"]
    assert np.array_equal(has["iris_visible"], has["iris"] & ~hidden)


def test_the_pupil_stretches_the_iris_like_an_elastic_ring() -> None:
    eye = make_person(3, 1).left
    depth = np.linspace(0, 1, 101)
    for pupil in (0.25, 0.36, 0.52):
        rest = Outlines(eye, a_view(eye, 0, pupil=pupil), SIZE).at_rest(depth)
        assert rest[[0, -1]] == pytest.approx([0, 1], abs=1e-6)
        assert (np.diff(rest) > 0).all()
        bent = np.abs(rest - depth).max()
        assert bent < 1e-6 if pupil == 0.36 else bent > 0.02


def unwrapped(picture: np.ndarray, outlines: Outlines) -> np.ndarray:
    """The linear rubber sheet between the true outlines, standardised fine structure."""
    grey = picture.astype(np.float32) if picture.ndim == 2 else picture[..., 0].astype(np.float32)
    share = np.linspace(0.1, 0.75, 24, dtype=np.float32)[:, None, None]
    points = (1 - share) * outlines.pupil() + share * outlines.limbus()
    sheet = cv2.remap(
        grey, points[..., 0].astype(np.float32), points[..., 1].astype(np.float32), cv2.INTER_LINEAR
    )
    sheet = sheet[:, np.r_[0:30, 60:120, 150:180]]  # beside the lids
    fine = cv2.GaussianBlur(sheet, (0, 0), 0.8) - cv2.GaussianBlur(sheet, (0, 0), 6)
    fine -= fine.mean(axis=1, keepdims=True)  # what all irises have in common
    fine = np.clip(fine, -3 * fine.std(), 3 * fine.std())
    return ((fine - fine.mean()) / fine.std()).ravel()


@pytest.mark.parametrize("light", ["visible", "nir"])
def test_irises_tell_eyes_apart(light: str) -> None:
    """Left and right eyes of a person included."""
    sheets, eyes = [], []
    for subject in range(4):
        person = make_person(7, subject)
        for side in ("left", "right"):
            for sample in range(3):
                picture, view, _ = draw_iris(
                    person, 7, subject, sample, side=side, size=(480, 640), light=light
                )
                sheets.append(unwrapped(picture, Outlines(person.eye(side), view, (480, 640))))
                eyes.append((subject, side))
    alike = np.array(sheets) @ np.array(sheets).T / len(sheets[0])
    same = np.array([[a == b for b in eyes] for a in eyes])
    mated = alike[same & ~np.eye(len(eyes), dtype=bool)]
    assert mated.mean() > 0.25
    assert abs(alike[~same].mean()) < 0.1
    assert mated.mean() > alike[~same].mean() + 4 * alike[~same].std()


def test_brown_eyes_show_their_tissue_in_infrared() -> None:
    """Melanin hides contrast in white light only."""
    people = [make_person(1, subject) for subject in range(24)]
    eyes = sorted((person.left for person in people), key=lambda eye: eye.texture.visible.mean())
    brown, blue = eyes[0].texture, eyes[-1].texture
    middle = np.s_[30:90]
    assert brown.visible[middle][..., 1].std() < 0.5 * blue.visible[middle][..., 1].std()
    assert brown.infrared[middle].std() > 0.6 * blue.infrared[middle].std()


def test_a_picture_depends_on_its_own_numbers_only() -> None:
    def draw(sample: int, side: str) -> bytes:
        return draw_iris(make_person(2, 1), 2, 1, sample, side=side, size=SIZE)[0].tobytes()

    wanted = [(sample, side) for sample in range(2) for side in ("left", "right")]
    first = {which: draw(*which) for which in wanted}
    again = {which: draw(*which) for which in reversed(wanted)}
    assert first == again
    assert len(set(first.values())) == len(wanted)


def test_truth_lies_beside_the_pictures(tmp_path: Path) -> None:
    synthesise(tmp_path, 2, 2, 1, iris_size=SIZE, truth=True)
    for part in (TRAINING, TEST):
        pictures = sorted((tmp_path / part).glob("*.png"))
        assert sorted(path.name for path in (tmp_path / "truth" / part).glob("*.png")) == [
            path.name for path in pictures
        ]
        for path in pictures:
            place = tmp_path / "truth" / part / path.name
            facts = json.loads(place.with_suffix(".json").read_text())
            with Image.open(place) as labels:
                assert (labels.mode, labels.size[::-1]) == ("L", SIZE)
                pupil = (np.asarray(labels) & facts["mask_bits"]["pupil"]) > 0
            drawn = filled(SIZE, np.array(facts["pupil"]))
            assert (pupil ^ drawn).sum() < 0.02 * pupil.sum()
    assert len(read_dataset(tmp_path / TRAINING).pairs) == 4
    synthesise(tmp_path, 1, 1, 0)
    assert not (tmp_path / "truth").exists()


def test_both_eyes_alternate_as_the_report_has_them(tmp_path: Path) -> None:
    synthesise(tmp_path, 2, 4, 2, seed=9, eyes="both")
    pairs = read_dataset(tmp_path).pairs
    assert [pair.eye for pair in pairs] == ["left", "left", "right", "right"] * 2
    person = make_person(9, 1)
    for sample, side in enumerate(("left", "left", "right", "right")):
        with Image.open(tmp_path / TRAINING / f"1_{sample}.png") as picture:
            drawn = draw_iris(person, 9, 1, sample, side=side)[0]
            assert np.array_equal(np.asarray(picture), drawn)


def test_infrared_pictures_are_grey(tmp_path: Path) -> None:
    synthesise(tmp_path, 1, 1, 0, light="nir")
    with Image.open(tmp_path / TRAINING / "0_0.png") as picture:
        assert picture.mode == "L"


def test_a_manifest_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("theirs")
    with pytest.raises(OutputError, match="not made by Twofold"):
        synthesise(tmp_path, 1, 1, 0)
    assert (tmp_path / "manifest.csv").read_text() == "theirs"


def test_huge_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="4096"):
        synthesise(tmp_path / "out", 1, 1, 0, iris_size=(5000, 5000))
    assert not (tmp_path / "out").exists()


def test_this_machine_draws_what_others_draw() -> None:
    """Block means lie within a fifth of a grey value of those that another machine stored."""
    expected = stored()
    drawn = pictures()
    assert set(drawn) == set(expected)
    for name, pixels in drawn.items():
        away = np.abs(fingerprint(pixels) - expected[name]).max()
        assert away < 0.2, f"{name}: {away:.2f}. Meant? python -m tests.data.fingerprints"
    # The measure is fine enough to tell one person, or one sample, from another.
    assert np.abs(expected["iris 0 nir"] - expected["iris 1 nir"]).max() > 10


OTHER_PROCESSOR = """
import sys
import cv2, numpy as np
from tests.data.fingerprints import pictures
cv2.setUseOptimized(False)
np.savez(sys.argv[1], **pictures())
"""


def test_plain_arithmetic_draws_nearly_the_same_pixels(tmp_path: Path) -> None:
    """As on a processor without the vector units that NumPy, OpenCV and the C library use here."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    plain = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(f for f in __cpu_dispatch__ if __cpu_features__[f]),
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX512F",
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("", "src")),
    }
    file = tmp_path / "plain.npz"
    subprocess.run(
        [sys.executable, "-c", OTHER_PROCESSOR, file], env={**os.environ, **plain}, check=True
    )
    with np.load(file) as other:
        for name, pixels in pictures().items():
            away = np.abs(pixels.astype(np.int16) - other[name])
            assert away.max() <= 1, name
            assert (away > 0).mean() <= 1e-3, name
