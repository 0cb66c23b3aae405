"""The examples in docs/service.md are executed as they stand, and its tables are complete."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.recognition import BLACK, eye, face
from tests.service.serving import Served
from tests.service.test_openapi import SNAPSHOT
from twofold.service.settings import ServiceSettings

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "service.md").read_text(encoding="utf-8")
PERSON = 61


def test_the_guide_runs_as_it_is_printed(
    served: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pictures = {
        "ada.jpg": face(PERSON), "today.jpg": face(PERSON, 1), "ada.png": eye(PERSON),
        "today.png": eye(PERSON, 1), "wall.jpg": BLACK,
    }  # fmt: skip
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(tmp_path / name, quality=95)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWOFOLD_URL", served.url)
    monkeypatch.setenv("TWOFOLD_API_KEY", served.keys["admin"])
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(block, "docs/service.md", "exec"), names)
    matched, best, advice, subjects, erased, compared = capsys.readouterr().out.splitlines()
    assert (matched, best, erased, compared) == ("True", "ada", "1 erased", "True")
    assert advice == "face: Show your whole face, upright and from the front."
    assert "'ada'" in subjects


def test_every_setting_is_told() -> None:
    for name in ServiceSettings.model_fields:
        assert re.search(rf"`(TWOFOLD_SERVE)?_{name.upper()}`", GUIDE), name


def test_every_route_is_told() -> None:
    told = set(re.findall(r"/v1/[a-z/{}]+", GUIDE))
    assert set(json.loads(SNAPSHOT.read_text(encoding="utf-8"))["paths"]) <= told
