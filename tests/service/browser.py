"""Debian's Chromium for the tests, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests import debian


class UnavailableError(Exception):
    """There is no browser; the message says why."""


def program() -> str:
    """Where it is; installed where that is possible.

    Raises:
        UnavailableError: it is not.
    """
    found = shutil.which("chromium")
    if found is None:
        debian.install("chromium")
        found = shutil.which("chromium")
    if found is None:
        raise UnavailableError("Chromium is not installed (Debian: apt install chromium)")
    return found


@contextmanager
def chromium(video: Path | None = None) -> Iterator[Browser]:
    """A browser with a camera that shows a test picture, or a film (MJPEG), and leave to use it.

    Raises:
        UnavailableError: there is none.
    """
    path = program()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                *([] if video is None else [f"--use-file-for-fake-video-capture={video}"]),
            ],
        )
        try:
            yield browser
        finally:
            browser.close()
