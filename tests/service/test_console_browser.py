"""The console in a browser, against a service of canned answers."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.service import browser as browsers
from tests.service import console_fake as fake
from twofold.service.console import pages

STATIC = Path(pages.__file__).parent / "static"
KEYS = set(json.loads((STATIC / "words" / "en.json").read_text("utf-8")))
PLACES = ("", "verify", "identify", "enrol", "subjects", "subjects/Ada%20Lovelace", "reports",
          "audit", "keys", "policies")  # fmt: skip
GO = """(place) => new Promise((done) => {
  if (location.hash === `#/${place}`) done();
  window.addEventListener("hashchange", () => setTimeout(done), { once: true });
  location.hash = `#/${place}`;
})"""
LOOK = """() => {
  const labelled = (one) => one.labels?.length || one.getAttribute("aria-label");
  const all = (which) => [...document.querySelectorAll(which)];
  const levels = all("h1,h2,h3,h4").map((one) => Number(one.tagName[1]));
  return {
    wide: document.documentElement.scrollWidth - window.innerWidth,
    unlabelled: all("input,select,textarea").filter((one) => !labelled(one)).length,
    nameless: all("button,a").filter((one) => !one.textContent.trim() && !labelled(one)).length,
    ones: levels.filter((one) => one === 1).length,
    skipped: levels.some((one, at) => at && one > levels[at - 1] + 1),
    first: levels[0],
    language: document.documentElement.lang,
    text: document.body.innerText,
  };
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    try:
        browsers.program()
    except browsers.UnavailableError as error:
        pytest.skip(str(error))
    with browsers.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def made() -> FastAPI:
    return fake.app()


@pytest.fixture(scope="module")
def url(made: FastAPI) -> Iterator[str]:
    with fake.serving(made) as found:
        yield found


class Visit:
    """One browser window; remembers what the browser complained about."""

    def __init__(self, chromium: Browser, url: str, language: str, width: int) -> None:
        self.url = url
        size = {"width": width, "height": 900}
        self.context = chromium.new_context(viewport=size, locale=language)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(5000)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._heard)
        self.page.goto(f"{url}/console/")
        self.page.locator("h1").wait_for()

    def _heard(self, message: Any) -> None:
        # The browser reports each refused request by itself; those are answers, not faults.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def sign_in(self, key: str = fake.KEY) -> None:
        self.page.locator("input[name=key]").fill(key)
        self.page.keyboard.press("Enter")
        self.page.locator(".tiles").wait_for()

    def go(self, place: str) -> None:
        self.page.evaluate(GO, place)
        expect(self.page.get_by_role("heading", level=1)).to_be_focused()

    def add(self, slot: int, *names: str) -> None:
        files = [{"name": name, "mimeType": "image/png", "buffer": picture()} for name in names]
        self.page.locator("input[type=file]").nth(slot).set_input_files(files)  # type: ignore[arg-type]
        self.page.locator(".picture .tag.good, .picture .tag.bad").last.wait_for()


@pytest.fixture
def visit(
    chromium: Browser, made: FastAPI, url: str, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    language, width = getattr(request, "param", ("en-GB", 1280))
    made.state.forget()
    made.state.seen.clear()
    window = Visit(chromium, url, language, width)
    yield window
    window.context.close()
    assert not window.faults


def picture() -> bytes:
    """A grey gradient, as a PNG."""
    target = io.BytesIO()
    Image.fromarray(np.tile(np.arange(60, 220, dtype=np.uint8), (120, 1))).save(target, "PNG")
    return target.getvalue()


@pytest.mark.parametrize("visit", [("en-GB", 1280), ("en-GB", 360), ("ko-KR", 390)], indirect=True)
def test_every_page_fits_is_labelled_and_is_in_the_language(visit: Visit) -> None:
    def look(place: str) -> None:
        found = visit.page.evaluate(LOOK)
        assert found["wide"] <= 0, place
        assert (found["unlabelled"], found["nameless"]) == (0, 0), place
        assert (found["ones"], found["first"], found["skipped"]) == (1, 1, False), place
        assert found["language"] == visit.page.evaluate("navigator.language.slice(0, 2)")
        assert not KEYS & set(re.findall(r"[\w.]+\.[\w.]+", found["text"])), place

    look("sign in")
    visit.sign_in()
    for place in PLACES:
        visit.go(place)
        if place not in ("", "verify", "identify", "enrol", "policies"):
            visit.page.locator("table").first.wait_for()
        look(place)


def test_every_page_fits_every_width(visit: Visit) -> None:
    visit.sign_in()
    for place in PLACES:
        visit.go(place)
        if place in ("subjects", "audit", "keys", "reports"):
            visit.page.locator("table").first.wait_for()
        for width in (320, 641, 700, 961, 1024):
            visit.page.set_viewport_size({"width": width, "height": 900})
            assert visit.page.evaluate(LOOK)["wide"] <= 0, (place, width)


def test_signing_in_says_what_is_wrong(visit: Visit) -> None:
    key, told = visit.page.get_by_label("API key"), visit.page.get_by_role("alert")
    for text, words in (
        ("password", "not a complete key"),
        ("tf_0123456789abcdef_unknown", "not known, has expired or was revoked"),
        ("tf_0123456789abcdef_" + "w" * 43, "Too many requests"),
    ):
        key.fill(text)
        key.press("Enter")
        expect(told).to_contain_text(words)
        expect(key).to_have_attribute("aria-invalid", "true")
    expect(told.get_by_role("timer")).to_contain_text(
        re.compile(r"Please wait (2 minutes|\d+ seconds)")
    )
    visit.sign_in()
    expect(visit.page.get_by_role("heading", level=1)).to_be_focused()


def test_the_language_is_kept(visit: Visit) -> None:
    visit.page.get_by_label("Language").select_option("ko")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("로그인")
    visit.page.reload()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("로그인")
    assert visit.page.evaluate("document.documentElement.lang") == "ko"
    visit.sign_in()
    visit.page.get_by_label("언어").select_option("en")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    expect(visit.page.get_by_label("Language")).to_be_focused()


def test_the_menu_shows_what_the_key_may_do(visit: Visit) -> None:
    visit.sign_in(fake.DESK)
    links = visit.page.get_by_role("navigation").get_by_role("link")
    assert links.all_inner_texts() == ["Dashboard", "Verify", "Identify"]
    visit.go("keys")  # no page of this key's: the dashboard
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Dashboard")


def test_the_keyboard_reaches_the_page_and_the_pages(visit: Visit) -> None:
    visit.sign_in()
    visit.page.reload()
    visit.page.locator(".tiles").wait_for()
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_role("link", name="Skip to the page")).to_be_focused()
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("main")).to_be_focused()
    visit.page.get_by_role("link", name="Audit").focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Audit")
    expect(visit.page.get_by_role("heading", level=1)).to_be_focused()
    expect(visit.page.get_by_role("link", name="Audit")).to_have_attribute("aria-current", "page")
    shown = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    visit.page.keyboard.press("Tab")
    assert shown == "none"  # the heading is no control
    assert visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("visit", [("en-GB", 390)], indirect=True)
def test_a_narrow_screen_has_a_menu_to_open(visit: Visit) -> None:
    visit.sign_in()
    menu = visit.page.get_by_role("button", name="Menu")
    expect(visit.page.get_by_role("link", name="Subjects", exact=True)).to_be_hidden()
    menu.press("Enter")
    expect(menu).to_have_attribute("aria-expanded", "true")
    visit.page.get_by_role("link", name="Subjects", exact=True).click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Subjects")
    expect(menu).to_have_attribute("aria-expanded", "false")


def test_enrolling_shows_pictures_and_asks_about_duplicates(visit: Visit, made: FastAPI) -> None:
    visit.sign_in()
    visit.go("enrol")
    visit.page.get_by_label("Name").fill("twin")
    visit.add(0, "good.png", "poor.png")
    visit.add(1, "eye.png")
    expect(visit.page.locator(".picture").nth(1)).to_contain_text("Move closer")
    colours = visit.page.evaluate(
        "() => [...document.querySelectorAll('canvas')].map((one) => [...one.getContext('2d')"
        ".getImageData(0, 0, one.width, one.height).data].filter((v, at, all) => at % 4 === 1 &&"
        " v - all[at - 1] > 60).length)"
    )
    assert colours[0] > 50 and colours[2] > 50  # the green of what was found
    visit.page.get_by_role("button", name="Remove poor.png").click()
    visit.page.get_by_role("button", name="Enrol", exact=True).click()
    expect(visit.page.get_by_role("alert")).to_contain_text("Ada Lovelace")
    visit.page.get_by_role("button", name="enrol anyway").click()
    expect(visit.page.get_by_text("twin is enrolled.")).to_be_visible()
    expect(visit.page.get_by_text("Resembles somebody who is enrolled")).to_be_visible()
    wanted = ("POST", "/v1/subjects")
    asked = [headers for method, path, headers in made.state.seen if (method, path) == wanted]
    assert all(one["x-csrf-token"] == "token" for one in asked)
    assert len({one["idempotency-key"] for one in asked}) == 2
    expect(visit.page.locator(".picture")).to_have_count(0)


def test_the_camera_guides_and_takes_by_keyboard(visit: Visit) -> None:
    visit.sign_in(fake.DESK)
    visit.go("identify")
    visit.page.get_by_role("button", name="Face: use the camera").press("Enter")
    expect(visit.page.get_by_role("button", name="Take picture")).to_be_focused()
    expect(visit.page.get_by_text("Good. Take the picture.")).to_be_visible()
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_text("1 taken")).to_be_visible()
    visit.page.keyboard.press("Escape")
    expect(visit.page.locator(".picture .tag.good")).to_be_visible()
    visit.page.get_by_role("button", name="Identify").click()
    expect(visit.page.get_by_text("This is Ada Lovelace.")).to_be_visible()


def test_evidence_is_for_keys_that_may_see_it(visit: Visit) -> None:
    for key, marks in ((fake.KEY, 1), (fake.DESK, 0)):
        visit.sign_in(key)
        visit.go("verify/impostor")
        visit.add(0, "good.png")
        visit.page.get_by_role("button", name="Verify").click()
        expect(visit.page.get_by_text("This is not impostor.")).to_be_visible()
        expect(visit.page.locator(".axis .mark")).to_have_count(marks)
        expect(visit.page.get_by_text("contradict each other")).to_have_count(marks)
        visit.page.get_by_label("Name").fill("locked")
        visit.page.get_by_role("button", name="Verify").click()
        expect(visit.page.get_by_role("alert")).to_contain_text("locked for a while")
        expect(visit.page.get_by_role("timer")).to_contain_text("seconds")
        visit.page.get_by_role("button", name="Sign out").click()


def test_erasing_asks_for_the_name(visit: Visit, made: FastAPI) -> None:
    visit.sign_in()
    visit.go("subjects/Ada%20Lovelace")
    visit.page.get_by_role("button", name="Unlock").click()
    expect(visit.page.get_by_text("Unlocked.")).to_be_visible()
    visit.page.get_by_role("button", name="Erase").click()
    dialog = visit.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Erase")).to_be_disabled()
    visit.page.keyboard.type("Ada Lovelac")
    expect(dialog.get_by_role("button", name="Erase")).to_be_disabled()
    visit.page.keyboard.type("e")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Subjects")
    assert [path for method, path, _ in made.state.seen if method == "DELETE"] == [
        "/v1/subjects/Ada Lovelace"
    ]


def test_a_new_key_is_shown_once(visit: Visit) -> None:
    visit.sign_in()
    visit.go("keys")
    visit.page.get_by_label("Name").fill("kiosk")
    visit.page.get_by_role("button", name="Make key").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("at least one scope")
    visit.page.get_by_label("identify").check()
    visit.page.get_by_role("button", name="Make key").click()
    expect(visit.page.get_by_label("The new key")).to_have_value(fake.KEY)
    visit.page.get_by_role("button", name="I have kept it").click()
    expect(visit.page.get_by_role("dialog")).to_have_count(0)
    assert fake.KEY not in visit.page.content()
    visit.page.get_by_role("button", name="Revoke front desk").click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(visit.page.get_by_text("front desk is revoked.")).to_be_visible()


def test_the_audit_is_verified_filtered_and_paged(visit: Visit) -> None:
    visit.sign_in()
    visit.go("audit")
    visit.page.get_by_role("button", name="Verify the chain").click()
    expect(visit.page.get_by_text("9f2c" * 16)).to_be_visible()
    visit.page.get_by_role("button", name="Next").click()
    expect(visit.page.get_by_role("status")).to_have_text("Page 2")
    visit.page.get_by_label("Action").select_option("enrol")
    expect(visit.page.locator("tbody tr")).to_have_count(2)


def test_names_are_text_and_a_lost_session_is_said(visit: Visit, made: FastAPI) -> None:
    visit.sign_in()
    name = "<img src=x onerror=alert(1)>/&?#%"
    visit.go("subjects")
    visit.page.get_by_label("Name of a subject").fill(name)
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    assert visit.page.locator("main img").count() == 0
    visit.go("subjects/gone")
    expect(visit.page.get_by_role("alert")).to_contain_text("Nobody of this name is enrolled")
    made.state.forget()
    visit.page.evaluate("location.hash = '#/subjects'")
    expect(visit.page.get_by_text("Your session has ended.")).to_be_visible()
    visit.page.locator("input[name=key]").fill(fake.KEY)
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Subjects")
