"""Fusion models as files, and the one that ships."""

import copy
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fusion import made_up
from twofold.errors import ModelError, OutputError
from twofold.face.extraction import FaceExtractor
from twofold.fusion.decision import Policy
from twofold.fusion.model import FusionModel, load, restricted, shipped
from twofold.fusion.model_format import parse
from twofold.fusion.rules import Rule, SumRule
from twofold.fusion.trained import GaussianMixtureRule, LogisticRule
from twofold.iris.extraction import IrisExtractor


def rules() -> list[Rule]:
    drawn = np.random.default_rng(0)
    mated = np.arange(400) < 150
    ratios = {name: drawn.normal(0, 2, 400) + 6 * mated for name in ("face", "iris")}
    return [
        SumRule(),
        LogisticRule.fit(ratios, mated),
        GaussianMixtureRule.fit(ratios, mated, components=2),
    ]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule.name))
def test_a_model_comes_back_as_it_was(tmp_path: Path, rule: Rule) -> None:
    model = made_up.model(rule)
    model.save(tmp_path / "fusion.json")
    again = load(tmp_path / "fusion.json")
    assert again == model
    points = {"face": np.array([1.0, math.nan, 3.0]), "iris": np.array([2.0, 1.0, math.nan])}
    np.testing.assert_array_equal(again.rule.fuse(points), rule.fuse(points))


def test_isotonic_calibrations_come_back(tmp_path: Path) -> None:
    model = FusionModel((made_up.calibration("face", method="isotonic"),))
    model.save(tmp_path / "fusion.json")
    assert load(tmp_path / "fusion.json") == model


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        made_up.model().save(tmp_path / "none" / "fusion.json")


def plain(tmp_path: Path, rule: Rule | None = None) -> dict[str, Any]:
    made_up.model(rule).save(tmp_path / "fusion.json")
    content: dict[str, Any] = json.loads((tmp_path / "fusion.json").read_text())
    return content


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "thresholds"),
        (("version",), 2),
        (("rule", "name"), "average"),
        (("calibrations", 0, "modality"), "gait"),
        (("calibrations", 0, "light"), "ultraviolet"),
        (("calibrations", 0, "contract"), ""),
        (("calibrations", 0, "method"), "beta"),
        (("calibrations", 0, "curve", "slope"), -1.0),
        (("calibrations", 0, "curve", "slope"), "steep"),
        (("calibrations", 0, "curve", "doubt"), 1.5),
        (("calibrations", 0, "curve", "quality"), 200),
        (("calibrations", 0, "curve", "missed"), [0.0]),
        (("calibrations", 0, "curve", "missed"), [50.0, 50.0]),
        (("calibrations", 0, "curve", "intercept"), True),
        (("calibrations", 0, "non_mated", "score"), []),
        (("calibrations", 0, "non_mated", "share", 0), -0.5),
        (("calibrations", 0, "card", "sources"), [{"data": "x"}]),
        (("thresholds", 0, "combination"), "gait"),
        (("thresholds", 0, "light"), "dark"),
        (("thresholds", 0, "lowest_fmr"), 0.5),
        (("thresholds", 0, "points", 0, "llr"), None),
        (("calibrations",), None),
    ],
)
def test_damage_is_found(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    content = plain(tmp_path)
    at: Any = content
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    place = tmp_path / "damaged.json"
    place.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"damaged\.json: not a fusion model"):
        load(place)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": 1}', b"[" * 100_000]
)
def test_what_is_no_model_is_refused(tmp_path: Path, text: bytes) -> None:
    place = tmp_path / "none.json"
    place.write_bytes(text)
    with pytest.raises(ModelError, match=r"none\.json: not a fusion model"):
        load(place)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load(tmp_path / "none.json")


LEAVES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just([])
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_leaf_may_be_anything(tmp_path: Path, data: st.DataObject) -> None:
    content = CONTENT or CONTENT.update(plain(tmp_path, rules()[2])) or CONTENT
    changed = copy.deepcopy(content)
    at: Any = changed
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], (dict, list)) or not at[key]:
            break
        at = at[key]
    at[key] = data.draw(LEAVES)
    try:
        model = parse(json.dumps(changed), "fuzzed")
    except ModelError:
        return
    assert isinstance(model, FusionModel)
    for one in model.calibrations:
        assert np.diff(one.llr([0.0, 1.0, 2.0])).min() >= 0


CONTENT: dict[str, Any] = {}


def test_only_what_fits_the_contracts_is_used() -> None:
    model = made_up.model()
    assert restricted(model, {"face": made_up.FACE, "iris": made_up.IRIS}) == model
    face = restricted(model, {"face": made_up.FACE, "iris": "0" * 64})
    assert face is not None
    assert [one.modality for one in face.calibrations] == ["face"]
    assert [one.combination for one in face.thresholds] == ["face"]
    assert restricted(model, {"face": "0" * 64, "iris": None}) is None


def test_the_shipped_model_fits_the_shipped_extractors() -> None:
    face, iris = FaceExtractor().contract, IrisExtractor().contract
    model = shipped(face, iris)
    assert model is not None
    kinds = {(one.modality, one.light) for one in model.calibrations}
    assert kinds == {("face", None), ("iris", "nir"), ("iris", "visible"), ("iris", None)}
    for one in model.calibrations:
        card = one.card
        assert not card.synthetic and card.prior == 0.5
        assert card.lowest_fmr == pytest.approx(3 / card.non_mated)
        assert card.min_cllr <= card.cllr < 0.1
        assert card.sources and all(len(source.digest) == 64 for source in card.sources)
        assert all("/" not in source.command.replace("tools/", "") for source in card.sources)
        ratios = one.llr(np.linspace(-1, 1, 201), 80.0)
        assert (np.diff(ratios) >= 0).all() and ratios[0] < -2 and ratios[-1] > 8
    for named in ("face", "iris", "face+iris"):
        for light in (None,) if named == "face" else (None, "nir", "visible"):
            measured = model.threshold(named.split("+"), light)
            assert measured.light == light and "SYNTHETIC" not in str(measured)
            assert {1e-1, 1e-2, 1e-3, 1e-4} <= {point.fmr for point in measured.points}
            llrs = [point.llr for point in measured.points]
            fnmrs = [point.fnmr for point in measured.points]
            assert llrs == sorted(llrs) and fnmrs == sorted(fnmrs)
    alike = [
        model.evidence("face", 0.8, quality=80),
        model.evidence("iris", 0.85, quality=80, light="visible"),
    ]
    assert model.decide(alike, Policy(1e-4)).match
    unlike = [
        model.evidence("face", 0.05, quality=80),
        model.evidence("iris", 0.55, quality=80, light="visible"),
    ]
    assert not model.decide(unlike, Policy(1e-1)).match


def test_stale_parts_of_the_shipped_model_are_not_used() -> None:
    assert shipped("0" * 64, None) is None
    assert shipped(None, None) is None
    only = shipped(FaceExtractor().contract, "0" * 64)
    assert only is not None and {one.combination for one in only.thresholds} == {"face"}
