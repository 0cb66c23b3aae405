"""The benchmark of the service under load runs to its end, on a few people."""

from pathlib import Path

import pytest
from benchmarks.service_load import Load, measure
from benchmarks.service_people import people


@pytest.mark.slow
def test_load_and_kills(tmp_path: Path) -> None:
    who = people(4, 1)
    found = measure("sqlite", tmp_path, who, 1, Load(2.0, 1, clients=3, crowd=16, pause=1.0))
    for name in ("saturation", "half", "overload"):
        assert set(found[name]["statuses"]) <= {"200", "503"}
        assert found[name]["matches"] == found[name]["answered"] > 0
    assert found["overload"]["statuses"]["503"] > 0
    assert found["overload"]["most_at_workers_or_waiting"] <= 1 + 8
    chaos = found["chaos"]
    for name in ("idle worker", "worker", "all workers", "server"):
        assert chaos[name]["first_answer_seconds"] is not None
    assert set(chaos["worker"]["statuses"]) <= {"200", "503"}
    assert chaos["server"]["orphans_left"] == 0
    assert chaos["enrolments_acknowledged"] > 0
    assert chaos["enrolments_lost"] == 0
    assert chaos["audit"]["ok"]
