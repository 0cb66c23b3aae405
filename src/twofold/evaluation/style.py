"""One look for all figures: palette, fonts, and the way a figure becomes a file."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure

from twofold import files

# Okabe & Ito (2008): told apart with any kind of colour vision; every colour also has a mark or
# a label beside it, so that none is needed to read a figure.
BRANCH = {"face": "#E69F00", "iris": "#56B4E9", "fused": "#0072B2"}
TRAINING, VALIDATION = "#0072B2", "#D55E00"
RIGHT, WRONG = "#007A5A", "#C24A00"
INK, FAINT, LINE, PAPER = "#1F2933", "#66727F", "#D5DBE1", "#FFFFFF"

DPI = 150

# Names of subjects may be in any script: fonts that hold it are used where they are installed.
_SCRIPTS = ("Noto Sans CJK KR", "Noto Sans CJK JP", "Malgun Gothic", "Apple SD Gothic Neo",
            "NanumGothic", "Microsoft YaHei", "Arial Unicode MS")  # fmt: skip


@cache
def _settings() -> Any:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return {
        "font.family": ["DejaVu Sans", *(name for name in _SCRIPTS if name in installed)],
        "font.size": 9,
        "text.parse_math": False,  # a "$" in a name is a "$"
        "text.color": INK,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelcolor": FAINT,
        "axes.edgecolor": LINE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": LINE,
        "grid.linewidth": 0.6,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "legend.frameon": False,
        "figure.facecolor": PAPER,
        "figure.dpi": DPI,
    }


@contextmanager
def look() -> Iterator[None]:
    """Draw and save within this block."""
    with matplotlib.rc_context(_settings()):
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, all or nothing.

    Raises:
        OutputError: the folder is read-only, or the disk is full.
    """
    with look(), warnings.catch_warnings(), files.replacing(path) as temporary:
        # Where no font holds a script, boxes are drawn; the page beside it has the name.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
