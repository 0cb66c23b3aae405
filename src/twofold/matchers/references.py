"""Templates of labelled pairs in one file.

A ZIP archive, uncompressed: `index.json` with `{"format": 1, "pairs": [{"name", "subject",
"template"}, ...]}` and one member for each template in the form of `template_format`. "template" is
the member's name, or null for a pair that gave none.
"""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twofold.errors import ModelError
from twofold.files import replacing
from twofold.template import Template

FORMAT = 1
_INDEX = "index.json"
_MOST = 1 << 26  # bytes of one member; a template takes a few kilobytes


@dataclass(frozen=True)
class Enrolled:
    """One labelled pair.

    Attributes:
        name: of the pair, in its dataset.
        subject: the label.
        template: None where neither picture gave any.
    """

    name: str
    subject: str
    template: Template | None


def save(path: Path, pairs: Sequence[Enrolled]) -> None:
    """Write pairs, all or nothing.

    Raises:
        OutputError: the folder is read-only, or the disk is full.
    """
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        index = []
        for number, pair in enumerate(pairs):
            member = None if pair.template is None else f"{number}.template"
            if pair.template is not None and member is not None:
                _add(archive, member, pair.template.to_bytes())
            index.append({"name": pair.name, "subject": pair.subject, "template": member})
        content = {"format": FORMAT, "pairs": index}
        _add(archive, _INDEX, json.dumps(content, indent=1).encode())


def load(path: Path) -> tuple[Enrolled, ...]:
    """Read what `save` wrote.

    Raises:
        ModelError: missing, damaged, or of another version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            content = json.loads(_member(archive, _INDEX))
            if content["format"] != FORMAT:
                raise ModelError(
                    f"{path}: format {content['format']!r}, this version reads {FORMAT}. "
                    "Make the run again."
                )
            return tuple(
                Enrolled(
                    str(one["name"]),
                    str(one["subject"]),
                    None
                    if one["template"] is None
                    else Template.from_bytes(_member(archive, one["template"])),
                )
                for one in content["pairs"]
            )
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: missing. Finish the run with `twofold train --resume`."
        ) from error
    except ModelError:
        raise
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not readable ({error}). Make the run again.") from error


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    # A fixed date: the same templates make the same file.
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MOST:
        raise ValueError(f"{name} is larger than {_MOST} bytes")
    return archive.read(name)
