"""The console in a real Chromium against the real service, with a film in place of a camera."""

import io
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.recognition import face
from tests.service import browser as browsers
from tests.service.serving import Served, eye_png, face_png, fresh

PERSON, OTHER = 55, 56
SLOTS = {"face": 0, "left": 1, "right": 2}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Whose camera sees the face of `PERSON`."""
    try:
        browsers.program()
    except browsers.UnavailableError as error:
        pytest.skip(str(error))
    film = tmp_path_factory.mktemp("film") / "face.mjpeg"
    film.write_bytes(_frame(face(PERSON, 2)) * 30)
    with browsers.chromium(film) as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser, served: Served) -> Iterator[Page]:
    """Signed in as an administrator who may see scores."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    made = context.new_page()
    made.set_default_timeout(30_000)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.goto(f"{served.url}/")
    made.get_by_label("API key").fill(served.keys["admin"])
    made.get_by_role("button", name="Sign in").click()
    expect(made.get_by_role("heading", level=1)).to_have_text("Dashboard")
    yield made
    context.close()
    assert not faults


def test_a_person_from_enrolment_to_erasure(page: Page, served: Served) -> None:
    """Enrolled by camera and file, verified, not taken for another, erased, all in the audit."""
    name = fresh("Ada")
    _open(page, "enrol")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Face: use the camera").click()
    page.get_by_text("Good. Take the picture.").wait_for()
    page.get_by_role("button", name="Take picture").click()
    page.get_by_role("button", name="Done").click()
    _give(page, "left", eye_png(PERSON))
    page.get_by_role("button", name="Enrol", exact=True).click()
    page.get_by_text(f"{name} is enrolled.").wait_for()
    assert served.gallery.get(name).faces == served.gallery.get(name).irises == 1

    _open(page, "verify")
    for person, told in ((PERSON, f"This is {name}."), (OTHER, f"This is not {name}.")):
        _open(page, "verify")
        page.get_by_label("Name", exact=True).fill(name)
        _give(page, "face", face_png(person, 1))
        _give(page, "left", eye_png(person, 1))
        page.get_by_role("button", name="Verify", exact=True).click()
        page.get_by_text(told).wait_for()

    _open(page, "identify")
    _give(page, "left", eye_png(OTHER, 2))
    page.get_by_role("button", name="Identify", exact=True).click()
    page.get_by_text("Nobody who is enrolled.").wait_for()

    _open(page, "subjects")
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", level=1, name=name).wait_for()
    page.get_by_role("button", name="Erase", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(name)
    dialog.get_by_role("button", name="Erase").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Subjects")
    assert name not in served.gallery

    _open(page, "audit")
    rows = page.get_by_role("row")
    for told in ("Erase", "Identify", "Verify", "Enrol"):
        expect(rows.filter(has_text=told).first).to_be_visible()
    page.get_by_role("button", name="Verify the chain").click()
    page.get_by_text("Nothing was altered").wait_for()


def test_the_console_can_be_used_by_keyboard(page: Page, served: Served) -> None:
    """From a person's name to the answer, without a mouse."""
    name = fresh("Grace")
    with served.http() as client:
        given = {"subject": name, "light": "nir", "duplicates": "allow"}
        files = {"face": ("f.png", face_png(57)), "left": ("l.png", eye_png(57))}
        assert client.post("/v1/subjects", data=given, files=files).status_code == 201
    _open(page, "verify")
    _give(page, "face", face_png(57, 1))
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.get_by_text(f"This is {name}.").wait_for()


def test_who_has_signed_out_sees_nothing(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(page.url.partition("#")[0] + "#/subjects")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def _open(page: Page, place: str) -> None:
    page.evaluate("(place) => { location.hash = '#/'; location.hash = `#/${place}`; }", place)
    page.locator(f"a[aria-current=page][href='#/{place}']").wait_for()
    page.wait_for_timeout(100)


def _give(page: Page, field: str, content: bytes) -> None:
    page.locator("input[type=file]").nth(SLOTS[field]).set_input_files(
        {"name": f"{field}.png", "mimeType": "image/png", "buffer": content}
    )
    page.locator(".picture .tag.good").last.wait_for()


def _frame(picture: np.ndarray) -> bytes:
    """One frame of a film: the picture large in the middle of 640 x 480."""
    rgb = picture if picture.ndim == 3 else np.stack([picture] * 3, axis=2)
    height = 440
    scale = height / rgb.shape[0]
    large = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    frame = np.full((480, 640, 3), 128, np.uint8)
    left = (640 - large.shape[1]) // 2
    frame[20 : 20 + large.shape[0], left : left + large.shape[1]] = large
    kept = io.BytesIO()
    Image.fromarray(frame).save(kept, "JPEG", quality=95)
    return kept.getvalue()
