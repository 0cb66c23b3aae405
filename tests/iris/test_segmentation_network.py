"""The learned segmenter, on drawn eyes that it never saw, and on what is no eye."""

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from twofold.data.rendered_faces import rendered_face
from twofold.data.synthetic.eye_camera import draw_eye
from twofold.data.synthetic.people import make_person
from twofold.data.synthetic.truth import label_map
from twofold.data.synthetic.view import Light, Outlines, View, draw_view
from twofold.errors import AcquisitionError, ModelError
from twofold.images import Pixels, read
from twofold.iris import network_maps
from twofold.iris.segmentation import Segmentation
from twofold.iris.segmentation_network import NetworkSegmenter

SEED = 90210  # not one of the seeds that the network was trained on
SIZES = {"small": (150, 200), "middle": (240, 320), "large": (576, 768)}


def drawn(
    subject: int, light: Light, size: tuple[int, int], **changes: object
) -> tuple[Pixels, np.ndarray, Outlines]:
    """A grey picture of an eye, its label map and its outlines."""
    eye = make_person(SEED, subject).eye("left" if subject % 2 else "right")
    view: View = replace(draw_view(np.random.default_rng([SEED, subject]), eye, light), **changes)
    picture, covers = draw_eye(eye, view, size, truth=True)
    assert covers is not None
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.uint8), label_map(covers), Outlines(eye, view, size)


def distance(contour: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of a contour's points from the true outline, in pixels."""
    outline = truth.astype(np.float32)
    return float(
        np.mean([abs(cv2.pointPolygonTest(outline, (x, y), True)) for x, y in contour.tolist()])
    )


@pytest.mark.parametrize("light", ["visible", "nir"])
@pytest.mark.parametrize("size", list(SIZES))
def test_outlines_and_mask_agree_with_the_truth(size: str, light: Light) -> None:
    pupils, limbi, overlaps = [], [], []
    for subject in range(6):
        grey, labels, outlines = drawn(subject, light, SIZES[size])
        found = NetworkSegmenter().segment(grey)
        pupils.append(distance(found.boundaries.pupil, outlines.pupil()) / outlines.unit)
        limbi.append(distance(found.boundaries.limbus, outlines.limbus()) / outlines.unit)
        visible = (labels & 1) > 0
        overlaps.append((found.mask & visible).sum() / (found.mask | visible).sum())
    assert np.median(pupils) < 0.02
    # Drawn sclera is dark beside the limbus: its strongest edge lies 1 to 3 % outside the truth.
    assert np.median(limbi) < 0.045
    assert np.max(limbi) < 0.08
    assert np.median(overlaps) > 0.8


@pytest.fixture(scope="module")
def found() -> Segmentation:
    return NetworkSegmenter().segment(drawn(1, "nir", SIZES["middle"])[0])


def test_outlines_keep_the_convention(found: Segmentation) -> None:
    """256 equal angles around the circle's centre, the first to the right, then clockwise."""
    wanted = np.arange(256) * (2 * np.pi / 256)
    for points, circle in (
        (found.boundaries.pupil, found.boundaries.pupil_circle),
        (found.boundaries.limbus, found.boundaries.iris_circle),
    ):
        assert points.shape == (256, 2)
        assert points.dtype == np.float64
        angles = np.arctan2(points[:, 1] - circle.y, points[:, 0] - circle.x)
        off = (angles - wanted + np.pi) % (2 * np.pi) - np.pi
        assert np.abs(off).max() < 1e-6
        radii = np.hypot(points[:, 0] - circle.x, points[:, 1] - circle.y)
        assert radii.mean() == pytest.approx(circle.radius, rel=0.01)


def test_masks_have_the_size_of_the_picture_and_do_not_meet(found: Segmentation) -> None:
    assert found.method == "network"
    for mask in (found.mask, found.highlights, found.lashes):
        assert mask.shape == SIZES["middle"]
        assert mask.dtype == np.bool_
    assert not (found.mask & (found.highlights | found.lashes)).any()
    assert found.mask.sum() > 1000


def test_a_hanging_lid_is_found_and_an_open_eye_has_none() -> None:
    grey, _, outlines = drawn(3, "visible", SIZES["middle"], opening=0.55)
    found = NetworkSegmenter().segment(grey)
    assert found.upper_lid is not None
    true_x, true_y = outlines.lids()[0].T
    order = np.argsort(true_x)
    wanted = np.interp(found.upper_lid[:, 0], true_x[order], true_y[order])
    assert np.median(np.abs(found.upper_lid[:, 1] - wanted)) < 0.06 * outlines.unit
    grey = drawn(3, "visible", SIZES["middle"], opening=1.6)[0]
    assert NetworkSegmenter().segment(grey).upper_lid is None


def test_a_moved_and_a_larger_picture_have_moved_and_larger_outlines() -> None:
    grey = drawn(2, "nir", SIZES["middle"])[0]
    circle = NetworkSegmenter().segment(grey).boundaries.iris_circle
    cut = NetworkSegmenter().segment(grey[10:, 24:]).boundaries.iris_circle
    assert (cut.x + 24, cut.y + 10) == pytest.approx((circle.x, circle.y), abs=1.5)
    twice = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    large = NetworkSegmenter().segment(twice).boundaries.iris_circle
    assert large.radius / 2 == pytest.approx(circle.radius, rel=0.03)


def _half() -> Pixels:
    """An eye cut through its pupil."""
    grey, _, outlines = drawn(1, "nir", (240, 320))
    return np.ascontiguousarray(grey[:, : int(outlines.pupil()[:, 0].mean())])


def _noise() -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (240, 320), dtype=np.uint8)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((240, 320), np.uint8),
        np.full((240, 320), 255, np.uint8),
        _noise(),
        read(rendered_face(3, 0), colour="grey"),
        read(rendered_face(40, 2), colour="grey", size=(480, 400)),
        np.tile(np.linspace(0, 255, 320).astype(np.uint8), (240, 1)),
        drawn(0, "nir", (240, 320), opening=-1.4)[0],
        drawn(5, "visible", (240, 320), opening=-1.4)[0],
        drawn(0, "nir", (16, 16))[0],
        np.full((6000, 8000), 90, np.uint8),
        _half(),
    ],
    ids=[
        "black",
        "white",
        "noise",
        "face",
        "large face",
        "slope",
        "shut",
        "shut too",
        "16x16",
        "huge",
        "half",
    ],
)
def test_what_is_no_eye_is_refused_with_a_reason(picture: Pixels) -> None:
    with pytest.raises(AcquisitionError) as caught:
        NetworkSegmenter().segment(picture)
    assert caught.value.code in {
        "no_eye",
        "no_pupil",
        "closed_eye",
        "too_small",
        "cut_off",
        "uncertain",
    }
    assert "\n" not in str(caught.value)


def test_several_threads_find_the_same() -> None:
    pictures = [drawn(subject, "nir", SIZES["small"])[0] for subject in range(4)]
    alone = [NetworkSegmenter().segment(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(NetworkSegmenter().segment, pictures))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.boundaries.limbus, other.boundaries.limbus)
        assert np.array_equal(one.mask, other.mask)


def test_the_card_tells_what_the_weights_are() -> None:
    card = network_maps.card()
    content = network_maps.WEIGHTS.read_bytes()
    assert hashlib.sha256(content).hexdigest() == card["sha256"]
    assert len(content) == card["bytes"] < 2**21
    assert "no real picture" in card["trained_on"]
    for name in ("commands", "date", "synthetic_scores", "licence"):
        assert card[name]


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / network_maps.WEIGHTS.name
    altered.write_bytes(network_maps.WEIGHTS.read_bytes()[:-1] + b"!")
    card = network_maps.WEIGHTS.with_suffix(".json").read_bytes()
    altered.with_suffix(".json").write_bytes(card)
    monkeypatch.setattr(network_maps, "WEIGHTS", altered)
    network_maps._load.cache_clear()
    try:
        with pytest.raises(ModelError, match="altered"):
            NetworkSegmenter().segment(np.zeros((100, 100), np.uint8))
        altered.unlink()
        with pytest.raises(ModelError, match="unreadable"):
            NetworkSegmenter().segment(np.zeros((100, 100), np.uint8))
    finally:
        network_maps._load.cache_clear()


def test_real_eyes_are_segmented(real_data: Path) -> None:
    """Plausibly, nearly all: there is no truth to compare with."""
    pictures = [
        *sorted((real_data / "mmu1").glob("*/*/*.png"))[::23],
        *sorted((real_data / "ubiris_v1").glob("*/1.jpg"))[::10],
        *sorted((real_data / "seed16").glob("*/*.png"))[::6],
    ]
    if len(pictures) < 30:
        pytest.skip("the real iris sets are not here")
    good = 0
    for path in pictures:
        try:
            found = NetworkSegmenter().segment(read(path, colour="grey"))
        except AcquisitionError:
            continue
        pupil, iris = found.boundaries.pupil_circle, found.boundaries.iris_circle
        inside = np.hypot(pupil.x - iris.x, pupil.y - iris.y) < 0.2 * iris.radius
        good += bool(inside and 0.12 < pupil.radius / iris.radius < 0.7)
    assert good >= 0.95 * len(pictures)


def test_training_shows_drawn_eyes_with_consistent_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))
    monkeypatch.delitem(sys.modules, "tools", raising=False)
    from tools.iris_segmentation.eyes import draw_eyes
    from tools.iris_segmentation.randomise import TARGETS, show

    assert TARGETS == network_maps.MAPS
    drawn_eyes = draw_eyes(4, seed=SEED)
    assert np.array_equal(drawn_eyes.planes, draw_eyes(4, seed=SEED).planes)
    irises = 0
    for number in range(24):
        picture, truth = show(drawn_eyes, np.random.default_rng([SEED, number]))
        again, _ = show(drawn_eyes, np.random.default_rng([SEED, number]))
        assert np.array_equal(picture, again)
        assert picture.shape == (network_maps.ROWS, network_maps.COLUMNS, 1)
        assert picture.min() >= 0
        assert picture.max() <= 1
        pupil, iris, visible, opening = np.moveaxis(truth, 2, 0)
        assert (pupil <= iris + 1e-3).all()
        assert (visible <= np.minimum(iris - pupil, opening) + 0.02).all()
        irises += bool(iris.max() > 0.9)
    assert irises >= 18
