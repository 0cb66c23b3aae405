"""What happened after a backup, and must happen again: read by restore.sh.

    since.py NUMBER FILE < NUMBERS

NUMBER is of the last event that the restored gallery has, FILE holds later events as
`twofold gallery audit --json` writes them, NUMBERS are those of its subjects, one a line.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

ERASING = ("erase", "withdraw", "expire")


def main(last: int, events: Iterable[str], there: set[int]) -> None:
    """Print who was enrolled, changed and erased.

    Args:
        last: number of the restored gallery's last event.
        events: of the gallery that was lost, one a line.
        there: subjects in the restored gallery. Numbers that were given after the backup will be
            given again, to other people, so that only these count.
    """
    erased: set[int] = set()
    changed: set[int] = set()
    enrolled = 0
    for event in map(json.loads, filter(str.strip, events)):
        if event["number"] <= last:
            continue
        action, subject = event["action"], event.get("subject")
        enrolled += action == "enrol" and event["outcome"] == "done"
        if subject in there and action in ERASING:
            erased.add(subject)
        elif subject in there and action == "update":
            changed.add(subject)
    print("Since the backup:")
    print(f"- enrolled, and missing now: {enrolled}. Enrol them again.")
    print(f"- changed, and set back now (references, consent, expiry): {_told(changed - erased)}.")
    print(f"- erased, and back now: {_told(erased)}.")
    if erased:
        options = " ".join(f"--number {one}" for one in sorted(erased))
        print("Erase them again before anybody uses the gallery:")
        print(f"twofold delete --yes {options}")


def _told(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "nobody"


if __name__ == "__main__":
    with Path(sys.argv[2]).open(encoding="utf-8") as lines:
        main(int(sys.argv[1]), lines, {int(line) for line in sys.stdin})
