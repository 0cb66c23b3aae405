"""The guide in docs/recognizing.md is executed as it stands, on people who do not exist."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.recognition import eye, face
from twofold.recognizer import Recognizer

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "recognizing.md"


def test_the_guide_runs_as_it_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = {
        "ada.jpg": face(0),
        "ada-2.jpg": face(0, 2),
        "today.jpg": face(0, 1),
        "ada.png": eye(0),
        "today.png": eye(0, 1),
        "ada-right.png": eye(0, 0, "right"),
    }
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(tmp_path / name, quality=95)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 5
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), names)
    told = capsys.readouterr().out
    assert told.startswith("True Match. The faces agree")
    assert "\n('face', 'iris')\n('face',)\n" in told
    assert isinstance(names["recognizer"], Recognizer)
    assert [iris.eye for iris in names["template"].irises] == ["left", "right"]
