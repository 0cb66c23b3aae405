"""Landmarks are brought to the template, whatever the face's place, size and roll."""

import numpy as np
import pytest

from twofold.face.alignment import TEMPLATES, align, similarity

ARCFACE = TEMPLATES["arcface"]


def _moved(points: np.ndarray, degrees: float, scale: float, shift: tuple[float, float]):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + np.array(shift)


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1.0), (30, 0.2), (-75, 7.5), (180, 1.0)])
def test_an_exact_similarity_is_recovered(degrees: float, scale: float) -> None:
    source = ARCFACE.scaled(112, 112)
    target = _moved(source, degrees, scale, (13.5, -40.0))
    matrix = similarity(source, target)
    assert np.allclose(source @ matrix[:, :2].T + matrix[:, 2], target, atol=1e-9)


def test_noise_is_spread_in_the_least_squares_sense_and_nothing_is_mirrored() -> None:
    rng = np.random.default_rng(3)
    source = ARCFACE.scaled(112, 112)
    target = source + rng.normal(0, 2, source.shape)
    matrix = similarity(source, target)
    assert np.linalg.det(matrix[:, :2]) > 0

    def error(candidate: np.ndarray) -> float:
        return float(((source @ candidate[:, :2].T + candidate[:, 2] - target) ** 2).sum())

    best = error(matrix)
    for _ in range(50):  # no similarity nearby does better
        angle, factor = rng.normal(0, 0.01), 1 + rng.normal(0, 0.01)
        turn = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        other = np.column_stack([turn @ matrix[:, :2], matrix[:, 2] + rng.normal(0, 0.1, 2)])
        assert error(other) >= best


@pytest.mark.parametrize("scale", [0.4, 1.0, 9.0])
def test_a_dot_at_each_landmark_lands_on_the_template(scale: float) -> None:
    points = _moved(ARCFACE.scaled(112, 112), 12, scale, (60, 30))
    side = int(points.max()) + 40
    y, x = np.mgrid[:side, :side]
    picture = np.zeros((side, side, 3), np.uint8)
    for px, py in points:
        picture[np.hypot(x - px, y - py) < 3 * scale] = 255
    crop = align(picture, points, 112, 112, ARCFACE)
    assert crop.shape == (112, 112, 3)
    y, x = np.mgrid[:112, :112]
    for tx, ty in ARCFACE.points:
        near = np.hypot(x - tx, y - ty) < 6
        bright = crop[:, :, 0].astype(float) * near
        centre = (bright * x).sum() / bright.sum(), (bright * y).sum() / bright.sum()
        assert np.allclose(centre, (tx, ty), atol=0.6 if scale < 1 else 0.35)


def test_grey_pictures_and_points_outside_the_picture_are_fine() -> None:
    points = ARCFACE.scaled(112, 112) - 50
    crop = align(np.full((40, 40), 200, np.uint8), points, 112, 112, ARCFACE)
    assert crop.shape == (112, 112)
    assert crop.max() <= 200 and crop[0, 0] == 0


def test_equal_landmarks_do_not_divide_by_zero() -> None:
    crop = align(np.zeros((20, 20, 3), np.uint8), np.full((5, 2), 9.0), 112, 112, ARCFACE)
    assert crop.shape == (112, 112, 3)
