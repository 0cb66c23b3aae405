"""What lies in a folder: pictures, sub-folders, and files to leave alone."""

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from twofold.data.dataset import Problem, natural
from twofold.errors import DatasetError

# Which format a suffix promises, in the names that `twofold.images` uses.
PICTURE_FORMATS = {
    ".bmp": "BMP",
    ".dib": "BMP",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".gif": "GIF",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pbm": "PPM",
}
_EXPECTED_BESIDE = re.compile(
    r"\..*|__macosx|thumbs\.db|desktop\.ini|(readme|licen[cs]e|copying|citation)(\..*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Listing:
    """One folder's entries in natural order.

    Attributes:
        pictures: files with the suffix of a picture, whatever their content.
        folders: sub-folders.
        problems: names that cannot be used (error) and files that are ignored (warning).
    """

    pictures: tuple[Path, ...]
    folders: tuple[Path, ...]
    problems: tuple[Problem, ...]


def list_folder(folder: Path) -> Listing:
    """List a folder; hidden files, Thumbs.db, READMEs and licences are passed over in silence.

    Raises:
        DatasetError: not a folder, or one that may not be read.
    """
    try:
        with os.scandir(folder) as scan:  # tells folders without one more system call each
            entries = sorted(scan, key=lambda entry: (natural(entry.name), entry.name))
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be listed ({error.strerror}).") from error
    pictures, folders, problems = [], [], []
    for entry in entries:
        if _EXPECTED_BESIDE.fullmatch(entry.name):
            continue
        path = folder / entry.name
        if not _is_unicode(entry.name):
            problems.append(Problem("name", path, "its name is not valid UTF-8. Rename it."))
        elif _is_folder(entry):
            folders.append(path)
        elif path.suffix.lower() in PICTURE_FORMATS:
            pictures.append(path)
        else:
            problems.append(ignored(path, "not a picture"))
    return Listing(tuple(pictures), tuple(folders), tuple(problems))


def ignored(file: Path, why: str) -> Problem:
    """The warning for a file or folder that is passed over."""
    return Problem("ignored", file, f"ignored: {why}.", "warning")


def comparable(text: str) -> str:
    """The form in which names are compared: composed accents, no case.

    One file system keeps "é" as one character and another as two, so the same name differs.
    """
    return unicodedata.normalize("NFC", text).casefold()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: no folder, and as a picture it will be unreadable
        return False


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
