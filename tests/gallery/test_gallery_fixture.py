"""A gallery written by each earlier version opens in this one."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.gallery.fixture import CONSENT, EXPIRES, NAMES, enrolled, opened, person
from twofold.gallery.store import schema

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "galleries"
GALLERIES = sorted(FOLDER.glob("version-*.sqlite"))


def test_every_version_of_the_schema_has_a_fixture() -> None:
    assert [one.stem for one in GALLERIES] == [
        f"version-{number}" for number in range(1, int(schema.NEWEST) + 1)
    ]


@pytest.mark.parametrize("fixture", GALLERIES, ids=lambda one: one.stem)
def test_it_opens_with_everybody_in_it(fixture: Path, tmp_path: Path) -> None:
    path = tmp_path / "people.gallery"
    shutil.copy(fixture, path)
    with opened(path) as gallery:
        assert [one.name for one in gallery.subjects()] == list(NAMES)
        for name, template in enrolled().items():
            assert gallery.template(name) == template
        told = gallery.get("with consent")
        assert told.consent == CONSENT
        assert told.expires == datetime(EXPIRES.year, EXPIRES.month, EXPIRES.day, tzinfo=UTC)
        assert gallery.settings.fmr == 1e-2
        report = gallery.verify_audit()
        assert report.ok, report.problems
        assert [one.action for one in gallery.audit()] == [
            "create", "policy", "enrol", "enrol", "enrol", "enrol", "update", "withdraw", "key",
            "key", "enrol", "verify", "identify",
        ]  # fmt: skip
        for number, name in ((1, NAMES[0]), (2, NAMES[1]), (3, NAMES[2])):
            found = gallery.identify(person(number), fpir=0.5)
            assert found.best is not None
            assert found.best.subject == name
            assert found.references == 4
        assert gallery.verify(NAMES[0], person(1)).match
        gallery.enroll("new", person(6))
        assert gallery.verify_audit().ok
