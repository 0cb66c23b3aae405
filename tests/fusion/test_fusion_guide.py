"""The guide does what it says."""

import re
from pathlib import Path

import pytest

from twofold.face.extraction import FaceExtractor
from twofold.fusion.model import shipped
from twofold.iris.extraction import IrisExtractor

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "fusion.md"


def test_the_example_of_the_guide_decides(capsys: pytest.CaptureFixture[str]) -> None:
    example = re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert example
    exec(compile(example[1], str(GUIDE), "exec"), {})
    told = capsys.readouterr().out
    assert told.startswith("True Match. The faces agree far more") and "FMR 0.0001" in told


def test_the_figures_of_the_guide_are_those_that_ship() -> None:
    model = shipped(FaceExtractor().contract, IrisExtractor().contract)
    assert model is not None
    text = GUIDE.read_text(encoding="utf-8")
    both = "near-infrared", "visible light"
    apart = [(named, light) for named in ("iris", "face+iris") for light in both]
    for named, light in [("face", None), *apart]:
        row = re.search(rf"\| {re.escape(', '.join(filter(None, (named, light))))} \|(.*)\|", text)
        assert row
        count, *fnmrs = (cell.strip() for cell in row[1].split("|"))
        lights = {None: None, "near-infrared": "nir", "visible light": "visible"}
        measured = model.threshold(named.split("+"), lights[light])  # type: ignore[arg-type]
        assert count == f"{measured.non_mated:,}"
        there = {point.fmr: f"{point.fnmr:.2%}".replace("%", " %") for point in measured.points}
        assert fnmrs == [there.get(fmr, "refused") for fmr in (1e-3, 1e-4, 1e-5)]
