"""The example in docs/gallery.md is executed as it stands, on somebody who does not exist."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.recognition import eye, face

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "gallery.md"


def test_the_guide_runs_as_it_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = {
        "ada.jpg": face(0), "today.jpg": face(0, 1), "ada.png": eye(0), "today.png": eye(0, 1),
    }  # fmt: skip
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(tmp_path / name, quality=95)
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, str(GUIDE), "exec"), names)
    assert capsys.readouterr().out == "True\nada\n['ada']\n1 erased\nTrue\n"
