"""The compiled search for a closed path."""

import numpy as np
import pytest
from numba.core.caching import CacheImpl

from twofold.iris.contours import closed_path
from twofold.lanes import compiled


def test_where_nothing_can_be_kept_it_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a read-only disk: with the same result."""
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    again = compiled(closed_path.py_func)
    value = np.random.default_rng(1).normal(size=(128, 48)).astype(np.float32)
    path = closed_path(value, np.float32(0.12))
    assert np.array_equal(again(value, np.float32(0.12)), path)
    assert np.abs(np.diff(path)).max() <= 2
    assert abs(path[0] - path[-1]) <= 2
