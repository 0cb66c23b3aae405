"""Templates of nobody for searches: small codes, mixed eyes, lights, counts and qualities."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from twofold.fusion.calibration import Calibration, CalibrationCard
from twofold.fusion.curves import Curve, IsotonicCurve, LogisticCurve
from twofold.fusion.model import FusionModel
from twofold.fusion.rules import Rule, SumRule
from twofold.fusion.tails import Tail
from twofold.iris.code import CodeLayout, IrisCode
from twofold.template import Eye, FaceFeature, IrisFeature, Light, Modality, Template

FACE, IRIS = "fa" * 32, "1e" * 32
LAYOUT = CodeLayout(angles=32, bands=4, planes=2)
DIMENSION = 16
_EYES = (None, "left", "right")
_LIGHTS = (None, "nir", "visible")


def _calibration(modality: Modality, light: Light | None, curve: Curve) -> Calibration:
    tail = Tail((0.5, 0.1), (0.1, 0.2), True), Tail((0.5, 0.1), (0.8, 0.7), False)
    contract = FACE if modality == "face" else IRIS
    method = "logistic" if isinstance(curve, LogisticCurve) else "isotonic"
    return Calibration(modality, light, contract, method, curve, *tail, CalibrationCard())


def model(rule: Rule | None = None, isotonic: bool = False) -> FusionModel:
    """Curves like those that ship, each light with its own; not fitted on anything."""
    face: Curve = LogisticCurve(12.0, -5.0, (-6.9, -0.6), 1e-5, 51.0)
    if isotonic:
        face = IsotonicCurve((-0.5, 0.1, 0.100001, 0.4, 0.7), (-5.0, -5.0, -1.0, 2.0, 11.0))
    return FusionModel(
        (
            _calibration("face", None, face),
            _calibration("iris", "nir", LogisticCurve(30.0, -19.0, (-3.5, -1.0), 3e-5, 73.0)),
            _calibration("iris", "visible", LogisticCurve(35.0, -21.0, (-4.9, 0.0), 9e-6, 76.0)),
            _calibration("iris", None, LogisticCurve(28.0, -18.0, (-4.3, -0.1), 7e-6, 75.0)),
        ),
        rule or SumRule(),
    )


class People:
    """Draws templates; those of one number are alike."""

    def __init__(self, seed: int, plain: bool = False) -> None:
        self._drawn, self._seed, self._plain = np.random.default_rng(seed), seed, plain

    def template(self, number: int) -> Template:
        """Another sample of a person; at least one modality."""
        while True:
            faces, irises = (1, 1) if self._plain else self._drawn.integers(0, 4, 2)
            if faces or irises:
                break
        return Template(
            tuple(self._face(number) for _ in range(faces)),
            tuple(self._iris(number) for _ in range(irises)),
            FACE if faces else None,
            IRIS if irises else None,
        )

    def with_eyes(self, number: int, eyes: Sequence[Eye | None]) -> Template:
        """A face, and an iris of each of these eyes, all in near-infrared light."""
        irises = []
        for eye in eyes:
            while (one := self._iris(number, 1 + (eye == "right"))).light != "nir":
                continue
            irises.append(replace(one, eye=eye))
        return Template((self._face(number),), tuple(irises), FACE, IRIS)

    def _own(self, number: int, what: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, number, what])

    def _face(self, number: int) -> FaceFeature:
        vector = self._own(number, 0).normal(size=DIMENSION)
        vector = vector + self._drawn.normal(size=DIMENSION) * self._drawn.choice([0.0, 0.3, 1.0])
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        return FaceFeature(unit, float(self._drawn.choice([0, 33.33, 50, 99.99, 100])))

    def _iris(self, number: int, side: int | None = None) -> IrisFeature:
        named = self._drawn.integers(0, 3) if not self._plain else 0
        side = side or int(named or self._drawn.integers(1, 3))
        bits = self._own(number, side).random(LAYOUT.bits) < 0.5
        bits = bits ^ (self._drawn.random(LAYOUT.bits) < self._drawn.choice([0.0, 0.1, 0.3]))
        mask = self._drawn.random(LAYOUT.bits) < self._drawn.choice([0.7, 0.7, 0.05, 0.0])
        turn = int(self._drawn.integers(-3, 4)) * LAYOUT.bands * LAYOUT.planes
        code = IrisCode(LAYOUT, _packed(np.roll(bits, turn)), _packed(np.roll(mask, turn)))
        light = 1 if self._plain else int(self._drawn.choice([0, 0, 1, 1, 2]))
        kinds: Any = (_EYES[named], _LIGHTS[light])
        return IrisFeature(code, float(self._drawn.choice([0, 41.5, 77.77, 100])), *kinds)


def _packed(bits: np.ndarray) -> np.ndarray:
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)
