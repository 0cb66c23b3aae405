"""Lines of an untrusted text file as cells, bounded in number and length."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from twofold.data.dataset import printable
from twofold.errors import DatasetError

MOST_ROWS = 20_000_000
MOST_CHARACTERS = 10_000  # in one line
SAMPLE_COLUMNS = ("path", "sample", "name", "image")


class Rows:
    """Cells of each line that is not empty; `line` is the number of the last one."""

    def __init__(self, path: Path, *, comma: bool | None = None) -> None:
        self._path, self._comma, self.line = path, comma, 0

    def __iter__(self) -> Iterator[list[str]]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._split(_bounded(self._path, file.readline))
        except OSError as error:
            raise DatasetError(
                f"{self._path}: cannot be read ({error.strerror}). Check the path."
            ) from error
        except UnicodeDecodeError as error:
            raise DatasetError(
                f"{self._path}, after line {self.line}: not UTF-8 text. Save it as UTF-8."
            ) from error
        except csv.Error as error:
            raise DatasetError(
                f"{self._path}, after line {self.line}: no CSV ({error}). Check its quotes."
            ) from error

    def _split(self, lines: Iterable[str]) -> Iterator[list[str]]:
        feed = iter(lines)
        first = next((line for line in self._counted(feed) if line.strip()), None)
        if first is None:
            return
        comma = "," in first or ";" in first if self._comma is None else self._comma
        if not comma:
            yield first.split()
            for line in self._counted(feed):
                if cells := line.split():
                    yield cells
            return
        before = self.line - 1
        # Spreadsheets of some countries separate by semicolon.
        separator = max(",;\t", key=first.count)
        reader = csv.reader(_again(first, feed), delimiter=separator, strict=True)
        for cells in reader:
            self.line = before + reader.line_num
            if any(cell.strip() for cell in cells):
                yield cells

    def _counted(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            self.line += 1
            if self.line > MOST_ROWS:
                raise DatasetError(f"{self._path}: more than {MOST_ROWS:,} lines. Give fewer.")
            yield line


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _bounded(path: Path, readline: Callable[[int], str]) -> Iterator[str]:
    number = 0
    while line := readline(MOST_CHARACTERS + 1):
        number += 1
        if len(line) > MOST_CHARACTERS:
            raise DatasetError(
                f"{path}, line {number}: longer than {MOST_CHARACTERS:,} characters. "
                "This is no file of scores."
            )
        if "\0" in line:
            raise DatasetError(f"{path}, line {number}: holds a zero byte. Save it as text.")
        if number > MOST_ROWS:
            raise DatasetError(f"{path}: more than {MOST_ROWS:,} lines. Give fewer.")
        yield line


def read_subjects(path: Path) -> dict[str, str]:
    """The subject of each sample, from a manifest with the columns `subject` and `path`.

    Raises:
        DatasetError: as `read_column`.
    """
    return read_column(path, "subject")


def read_column(path: Path, column: str, keys: Sequence[str] = SAMPLE_COLUMNS) -> dict[str, str]:
    """What a manifest says of each sample in one column.

    Args:
        path: of the manifest, with a header.
        column: whose values are wanted; capitals do not matter.
        keys: the first of these columns that is there names the samples.

    Raises:
        DatasetError: cannot be read, columns are missing, or it says two things of one sample.
    """
    rows = Rows(path, comma=True)
    lines = iter(rows)
    header = [cell.strip().lower() for cell in next(lines, [])]
    key = next((one for one in keys if one in header), None)
    if key is None or column.lower() not in header:
        raise DatasetError(
            f"{path}: no column {printable(column if key else keys[0])}; its header holds "
            f"{printable(', '.join(header)) or 'nothing'}. Choose one of these, beside a column "
            f"{keys[0]}."
        )
    at_key, at_value = header.index(key), header.index(column.lower())
    found: dict[str, str] = {}
    for cells in lines:
        if len(cells) != len(header):
            raise DatasetError(
                f"{path}, line {rows.line}: {len(cells)} columns, not {len(header)}. Quote what "
                "holds the separator."
            )
        sample, value = Path(cells[at_key].strip()).as_posix(), cells[at_value].strip()
        if found.setdefault(sample, value) != value:
            raise DatasetError(
                f"{path}, line {rows.line}: {printable(sample)} has {column} {printable(value)} "
                f"here and {printable(found[sample])} above. Keep one row of each."
            )
    return found
