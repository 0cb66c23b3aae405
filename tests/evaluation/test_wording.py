"""Numbers and names in words."""

import pytest

from twofold.evaluation import wording
from twofold.evaluation.classification import Estimate


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.984375, "98.4 %"), (1, "100.0 %"), (0, "0.0 %"), (0.9999, "99.99 %"),
        (0.00001, "0.001 %"), (0.9996, "99.96 %"), (None, "–"),
    ],
)  # fmt: skip
def test_percent_never_rounds_an_error_away(share, said):
    assert wording.percent(share) == said


def test_intervals():
    assert wording.interval(Estimate(0.9, 0.85, 0.95, 100, 25)) == "[85.0, 95.0]"
    assert "one subject" in wording.interval(Estimate(1, None, None, 4, 1))
    assert wording.points(Estimate(0.04, -0.01, 0.09, 100, 25)) == "+4.0 points [-1.0, +9.0]"


def test_no_error_is_not_no_risk():
    assert wording.flawless(Estimate(0.99, 0.97, 1, 256, 64)) is None
    # Exact bound: 1 - 0.05 ** (1 / 64), near 3 / 64.
    assert "4.6 % of such subjects" in wording.flawless(Estimate(1, 1, 1, 256, 64))


def test_readable_shortens_in_the_middle_and_shows_control_characters():
    assert wording.readable("abcdefghij", 7) == "abc…hij"
    assert "\n" not in wording.readable("a\nb")
    assert "\udcff" not in wording.readable("a\udcff")
    assert wording.readable("김철수") == "김철수"


def test_durations_and_counts():
    assert wording.duration(3.25) == "3.2 s"
    assert wording.duration(157) == "2 min 37 s"
    assert wording.duration(2 * 3600 + 300) == "2 h 05 min"
    assert wording.duration(None) == "–"
    assert (wording.counted(1, "file"), wording.counted(1200, "file")) == ("1 file", "1,200 files")


def test_the_command_repeats_every_choice_and_quotes():
    config = {"preset": "compact", "batch_size": 8, "epochs": None, "logs": True}
    first, second = wording.training_command(config, "my faces", "runs/a")
    assert first == "twofold train 'my faces' --out runs/a"
    assert second == "--preset compact --batch-size 8"
