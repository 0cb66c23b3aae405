"""Nothing is told to anybody: ONNX Runtime's telemetry is off wherever it is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

USES = {
    "iris": "from twofold.iris.network_maps import _session; _session()",
    "face": "from twofold.face.extraction import FaceExtractor; FaceExtractor()",
}
REPORT = "; import os; print(os.environ['ORT_DISABLE_TELEMETRY'])"


@pytest.mark.parametrize("use", list(USES))
def test_networks_run_without_telemetry(use: str, tmp_path: Path) -> None:
    silencers = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")
    environment = {name: value for name, value in os.environ.items() if name not in silencers}
    done = subprocess.run(
        [sys.executable, "-c", USES[use] + REPORT],
        env=environment | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "1"
    assert not list(tmp_path.rglob("onnxruntime.db"))


def test_onnx_runtime_has_one_door() -> None:
    import twofold

    for file in Path(twofold.__file__).parent.rglob("*.py"):
        if file.name != "inference.py":
            assert "import onnxruntime" not in file.read_text(encoding="utf-8"), file
