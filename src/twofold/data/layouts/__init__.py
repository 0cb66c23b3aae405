"""Reading a dataset: which layout a folder has, and the pairs in it."""

from pathlib import Path
from typing import Literal

from twofold.data.dataset import Dataset, Layout, printable
from twofold.data.layouts.flat import FACE_SUFFIX, IRIS_SUFFIX, read_flat
from twofold.data.layouts.folders import looks_like_subject, read_folders
from twofold.data.layouts.listing import Listing, list_folder
from twofold.data.layouts.manifest import MANIFEST, read_manifest
from twofold.errors import DatasetError

__all__ = ["read_dataset"]

_READERS = {"flat": read_flat, "folders": read_folders, "csv": read_manifest}
_EXPECTED = (
    "Expected *.BMP faces beside *.png irises, one folder per subject with face/ and iris/, "
    "or a manifest (.csv)"
)


def read_dataset(root: Path, layout: Layout | Literal["auto"] = "auto") -> Dataset:
    """Read the names of a dataset and pair its faces with its irises; no picture is opened.

    Args:
        root: a folder, or a manifest (.csv).
        layout: how it is laid out; "auto" tells it from what is there.

    Returns:
        The complete pairs, and as `problems` all that is wrong with the names.

    Raises:
        DatasetError: nothing there, not a known layout, or one modality missing altogether.
    """
    try:
        root.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"{root}: cannot be opened ({reason}). Check the path.") from error
    return _READERS[detect_layout(root) if layout == "auto" else layout](root)


def detect_layout(root: Path) -> Layout:
    """Tell the layout of `root` from the names in it.

    Raises:
        DatasetError: none fits; names the sub-folders that would.
    """
    if root.is_file():
        if root.suffix.lower() == ".csv":
            return "csv"
        raise DatasetError(f"{root}: neither a folder nor a manifest (.csv). {_EXPECTED}.")
    if (root / MANIFEST).is_file():
        return "csv"
    listing = list_folder(root)
    if _has_both(listing):
        return "flat"
    if {"face", "iris"} <= {folder.name.casefold() for folder in listing.folders}:
        raise DatasetError(
            f"{root}: face/ and iris/ lie directly in it. {_EXPECTED}: give the folder above, "
            "or move the pictures into one folder per subject."
        )
    if any(looks_like_subject(folder) for folder in listing.folders):
        return "folders"
    if listing.pictures:
        return "flat"  # which then says which modality is missing
    sets = [folder for folder in listing.folders if _has_both(list_folder(folder))]
    if sets:
        names = ", ".join(printable(folder.name) for folder in sets)
        raise DatasetError(
            f"{root}: holds no pictures itself, but these sub-folders do: {names}. "
            f"Give one of them: {sets[-1]}"
        )
    if not listing.folders:
        raise DatasetError(f"{root}: no pictures in it. {_EXPECTED}.")
    raise DatasetError(f"{root}: no faces and irises recognised in it. {_EXPECTED}.")


def _has_both(listing: Listing) -> bool:
    suffixes = {path.suffix.lower() for path in listing.pictures}
    return {FACE_SUFFIX, IRIS_SUFFIX} <= suffixes
