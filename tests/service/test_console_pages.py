"""The console as it is served: headers, words, colours, and nothing inline."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import twofold.service
from twofold.service import advice, console, errors
from twofold.service.console import pages
from twofold.service.middleware import PAGE_POLICY

STATIC = Path(pages.__file__).parent / "static"
SCRIPTS = {path: path.read_text("utf-8") for path in sorted(STATIC.rglob("*.js"))}
SOURCE = "\n".join(SCRIPTS.values())
WORDS = {
    path.stem: json.loads(path.read_text("utf-8")) for path in (STATIC / "words").glob("*.json")
}
NAMES = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    app.include_router(console.router())
    return TestClient(app, follow_redirects=False)


def test_every_file_is_served_with_its_kind_and_the_policy(client: TestClient) -> None:
    kinds = {"html": "text/html", "js": "text/javascript", "css": "text/css",
             "json": "application/json", "svg": "image/svg+xml"}  # fmt: skip
    for name in NAMES:
        answer = client.get(f"/console/{name}")
        assert answer.status_code == 200
        assert answer.content == (STATIC / name).read_bytes()
        assert answer.headers["content-type"].startswith(kinds[name.rsplit(".")[-1]])
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-cache"


def test_the_page_is_where_relative_addresses_hold(client: TestClient) -> None:
    assert client.get("/console").headers["location"] == "console/"
    assert client.get("/console/").content == (STATIC / "index.html").read_bytes()
    assert client.head("/console/").status_code == 200


def test_what_is_known_is_not_sent_again(client: TestClient) -> None:
    etag = client.get("/console/console.css").headers["etag"]
    again = client.get("/console/console.css", headers={"If-None-Match": f'"other", {etag}'})
    assert again.status_code == 304
    assert not again.content
    assert again.headers["etag"] == etag
    other = client.get("/console/console.css", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "name",
    ["pages.py", "../pages.py", "%2e%2e/pages.py", "..%2fpages.py", "%2fetc%2fpasswd",
     "scripts/..%2f..%2fpages.py", "scripts", "words/", "%2e", "index.html%00.js"],
)  # fmt: skip
def test_only_the_consoles_own_files_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/console/{name}").status_code == 404


def test_nothing_inline_and_nothing_foreign() -> None:
    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            assert tag not in ("style", "base", "iframe")
            assert tag != "script" or given.get("src")
            assert not any(name == "style" or name.startswith("on") for name in given)

    page = (STATIC / "index.html").read_text("utf-8")
    Page().feed(page)
    assert re.findall(r"<script[^>]*>([^<]*)", page) == [""]
    for forbidden in (
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(",
        'setAttribute("style', "cssText", "javascript:",
    ):  # fmt: skip
        assert forbidden not in SOURCE, forbidden
    everything = SOURCE + page + (STATIC / "console.css").read_text("utf-8")
    foreign = set(re.findall(r"\w+://[^\s\"')]+", everything))
    assert foreign == {"http://www.w3.org/2000/svg"}  # a name, not an address


def test_languages_have_the_same_words_with_the_same_gaps() -> None:
    assert set(WORDS) == {"en", "ko"}
    assert list(WORDS["en"]) == list(WORDS["ko"])
    for key, words in WORDS["en"].items():
        gaps = set(re.findall(r"\{\w+\}", words))
        others = set(re.findall(r"\{\w+\}", WORDS["ko"][key]))
        # "a picture" needs no number where "사진 1장" has one.
        assert gaps <= others if key.endswith(".one") else gaps == others, key


def test_korean_is_korean() -> None:
    neutral = {"kilobytes", "mebibytes", "picture.label"}
    left = [key for key, words in WORDS["ko"].items() if not re.search("[가-힣]", words)]
    assert set(left) == neutral


def test_every_word_that_scripts_use_exists_and_every_word_is_used() -> None:
    known = set(WORDS["en"])
    used = set(re.findall(r'\bt\(\s*"([^"]+)"', SOURCE))
    for one, other in re.findall(r'\bt\([^()"]*\? "([^"]+)" : "([^"]+)"', SOURCE):
        used |= {one, other}
    for stem in re.findall(r'\bcount\(\s*"([^"]+)"', SOURCE):
        used |= {f"{stem}.one", f"{stem}.other"}
    assert used <= known, used - known
    families = set(re.findall(r'\bnamed\(\s*"([^"]+)"', SOURCE))
    families |= {"lockout", "limits"}  # of the policies page, by variable
    families |= {stem.rstrip(".") for stem in re.findall(r"\bt\(`([\w.]+\.)\$\{", SOURCE)}
    for family in families:
        assert any(key.startswith(f"{family}.") for key in known), family
    spare = {key for key in known - used if not any(key.startswith(f"{f}.") for f in families)}
    assert not spare


def test_every_code_of_the_service_has_words() -> None:
    known = set(WORDS["en"])
    assert {f"code.{code}" for code in advice.codes()} <= known
    folder = Path(twofold.service.__file__).parent
    source = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    codes = set(re.findall(r'ApiError\(\s*\d+,\s*"(\w+)"', source))
    codes |= {errors.code_of(status) for status in range(400, 600)} - {"error"}
    codes |= {"busy", "locked", "disabled", "duplicate", "exists", "mixed", "contract"}
    assert len(codes) > 20
    for family in ("error", "refusal"):
        assert not {code for code in codes if f"{family}.{code}" not in known}


def test_every_import_is_there_and_used() -> None:
    for path, text in SCRIPTS.items():
        for names, place in re.findall(r'import \{([^}]+)\} from "([^"]+)"', text):
            there = SCRIPTS[(path.parent / place).resolve()]
            for name in names.split(","):
                whole, _, called = name.strip().partition(" as ")
                assert re.search(rf"export [\w ]*\b{whole}\b", there), (path, whole)
                assert len(re.findall(rf"\b{called or whole}\b", text)) > 1, (path, whole)


def _palettes() -> dict[str, dict[str, str]]:
    css = (STATIC / "console.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    read = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", one)) for one in (light, dark)]
    return {"light": read[0], "dark": read[0] | read[1]}


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", ["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(palette: str) -> None:
    colours = _palettes()[palette]
    grounds = ("ground", "surface", "sunken")
    text = [(ink, on) for ink in ("text", "muted", "accent", "accent-strong") for on in grounds]
    text += [("text", f"{kind}-soft") for kind in ("accent", "good", "warn", "bad")]
    text += [(kind, f"{kind}-soft") for kind in ("good", "warn", "bad")]
    text += [("bad", "surface"), ("bad", "sunken"), ("accent-strong", "accent-soft")]
    text += [("accent", "accent-soft"), ("muted", "good-soft"), ("muted", "bad-soft")]
    text += [("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-bad", "bad")]
    shapes = [("edge", on) for on in grounds] + [("focus", on) for on in grounds]
    shapes += [(kind, "sunken") for kind in ("accent", "good", "warn", "bad")]
    for least, pairs in ((4.5, text), (3.0, shapes)):
        for ink, on in pairs:
            found = _contrast(colours[ink], colours[on])
            assert found >= least, f"{ink} on {on}: {found:.2f}"


def test_styles_are_only_those_that_scripts_use() -> None:
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "console.css").read_text("utf-8"), flags=re.DOTALL)
    selectors = " ".join(one.split("}")[-1] for one in css.split("{")[:-1])
    for name in set(re.findall(r"\.([a-z][\w-]*)", selectors)):
        assert re.search(rf"\b{name}\b", SOURCE), name
