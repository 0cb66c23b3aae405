"""Takes the pictures of the console for README and docs: docs/images/console-*.png.

A real service with people who do not exist; run it after a change of the console:
.venv/bin/python -m tools.console_screenshots
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page
from tests.service import browser
from tests.service.serving import Served, eye_png, face_png, gallery_for_pictures, often, serving

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
NAMES = (
    "Ada Lovelace", "Grace Hopper", "Katherine Johnson", "Emmy Noether", "Sofia Kovalevskaya",
    "Mary Somerville",
)  # fmt: skip
SLOTS = {"face": 0, "left": 1}


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        gallery_for_pictures(Path(folder) / "people.gallery") as gallery,
        serving(gallery, often()) as served,
        browser.chromium() as chromium,
    ):
        enrol(served)
        for language, width, places in (
            ("en-GB", 1280, ("verify", "enrol", "subjects", "audit", "dashboard")),
            ("ko-KR", 390, ("identify",)),
        ):
            context = chromium.new_context(
                viewport={"width": width, "height": 860}, locale=language
            )
            page = context.new_page()
            page.goto(f"{served.url}/console/")
            page.locator("input[name=key]").fill(served.keys["admin"])
            page.keyboard.press("Enter")
            page.locator(".tiles").wait_for()
            for place in places:
                show(page, place)
                height = min(page.evaluate("document.documentElement.scrollHeight"), 2400)
                page.set_viewport_size({"width": width, "height": max(860, height)})
                page.evaluate("scrollTo(0, 0)")
                page.wait_for_timeout(300)
                keep(page.screenshot(), IMAGES / f"console-{place}.png")
                page.set_viewport_size({"width": width, "height": 860})
            context.close()


def keep(picture: bytes, path: Path) -> None:
    """In a quarter of the bytes: a page has few colours."""
    pixels = Image.open(io.BytesIO(picture)).convert("RGB")
    pixels.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def enrol(served: Served) -> None:
    with served.http() as client:
        for person, name in enumerate(NAMES):
            given = {"subject": name, "light": "nir", "consent": "form 17", "duplicates": "allow"}
            files = {"face": ("f.png", face_png(person)), "left": ("l.png", eye_png(person))}
            client.post("/v1/subjects", data=given, files=files).raise_for_status()
            probe = {"face": ("f.png", face_png(person, 1)), "left": ("l.png", eye_png(person, 1))}
            given = {"subject": NAMES[min(person, 4)], "light": "nir"}
            client.post("/v1/verify", data=given, files=probe).raise_for_status()


def show(page: Page, place: str) -> None:
    page.evaluate(
        "(place) => { location.hash = place === 'dashboard' ? '' : `#/${place}`; }", place
    )
    page.locator("h1").wait_for()
    page.wait_for_timeout(600)
    if place in ("verify", "enrol", "identify"):
        person = 6 if place == "enrol" else 0
        give(page, "face", face_png(person, 1))
        give(page, "left", eye_png(person, 1))
    if place == "identify":
        page.locator("form select").last.select_option("1")
    if place == "verify":
        page.locator("input[maxlength='255']").fill(NAMES[0])
    if place in ("verify", "identify"):
        page.locator("form button.primary").click()
        page.locator(".verdict").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)


def give(page: Page, field: str, content: bytes) -> None:
    page.locator("input[type=file]").nth(SLOTS[field]).set_input_files(
        {"name": f"{field}.png", "mimeType": "image/png", "buffer": content}
    )
    page.locator(".picture .tag.good").last.wait_for()


if __name__ == "__main__":
    main()
