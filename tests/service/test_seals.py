"""Who writes to the database without the master key can let nobody in."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from tests.gallery.conftest import KEY
from tests.service.conftest import Clock, OpenGallery
from tests.service.serving import often
from twofold.errors import OptionError
from twofold.gallery import Gallery, KeySource
from twofold.gallery.store.database import Database
from twofold.service.app import create_app
from twofold.service.keys import Keys
from twofold.service.sessions import Sessions
from twofold.service.store import schema, tables

pytestmark = pytest.mark.usefixtures("quick_hashes")

Row = dict[str, Any]


@pytest.fixture
def keys(gallery: Gallery, clock: Clock) -> Keys:
    return Keys(gallery, clock)


def stored(database: Database, table: Any = tables.key) -> list[Row]:
    with database.reading() as connection:
        return [row._asdict() for row in connection.execute(select(table))]


def put(database: Database, *rows: Row, table: Any = tables.key) -> None:
    """Leave these rows in a table and no other ones."""
    with database.writing() as connection:
        if table is tables.key:
            connection.execute(delete(tables.session))
        connection.execute(delete(table))
        connection.execute(insert(table), list(rows))


FORGERIES: dict[str, Callable[[Row, Row], Row]] = {
    "wider scopes": lambda own, _: own | {"scopes": "verify admin"},
    "another name": lambda own, _: own | {"name": "boss"},
    "a later end": lambda own, _: own | {"expires": own["expires"] + 10**6},
    "no end": lambda own, _: own | {"expires": None},
    "made earlier": lambda own, _: own | {"created": own["created"] - 1},
    "another's hash": lambda own, other: own | {"hash": other["hash"]},
    "another's row under its id": lambda own, other: other | {"id": own["id"]},
    "another's scopes and seal": lambda own, other: (
        own | {name: other[name] for name in ("scopes", "seal")}
    ),
    "another gallery's": lambda own, _: own | {"seal": bytes(32)},
    "no seal": lambda own, _: own | {"seal": b""},
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=list(FORGERIES))
def test_a_forged_key_is_none(
    keys: Keys, database: Database, clock: Clock, forged: Callable[[Row, Row], Row]
) -> None:

    until = datetime.fromtimestamp(clock.now + 100, UTC)
    made, text = keys.new("door", ["verify"], until)
    boss, other = keys.new("boss", ["admin"], until)
    rows = {one["id"]: one for one in stored(database)}
    own = forged(rows[made.id], rows[boss.id])
    assert own != rows[made.id]
    assert keys.check(text), "and remembered from now on"
    put(database, own, rows[boss.id])
    for secret in (text, f"tf_{made.id}_{other[-43:]}"):
        assert keys.check(secret) is None
        assert Keys(keys._gallery, clock).check(secret) is None
    assert keys.valid(made.id) is None
    assert keys.check(other) == boss, "which is untouched"
    (altered,) = [one for one in keys.list() if one.altered]
    assert (altered.id, altered.scopes, altered.state(clock.now)) == (made.id, set(), "altered")
    put(database, rows[made.id], rows[boss.id])
    assert keys.check(text) == made


def test_a_key_of_another_gallery_or_put_in_is_none(
    keys: Keys, database: Database, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Even one made under the same master key."""
    keys.new("own", ["verify"])
    place = tmp_path_factory.mktemp("other") / "other.gallery"
    with Gallery.open(place, key=KEY) as other:
        schema.prepare(other.database)
        _, text = Keys(other, clock).new("boss", ["admin"])
        (foreign,) = stored(other.database)
    put(database, *stored(database), foreign)
    assert keys.check(text) is None
    assert {one.altered for one in keys.list()} == {True, False}


def test_a_revoked_key_is_not_brought_back(
    keys: Keys, database: Database, clock: Clock, open_gallery: OpenGallery
) -> None:
    made, text = keys.new("door", ["verify"])
    before = stored(database)
    keys.revoke(made.id)
    (after,) = stored(database)
    for row in (after | {"revoked": None}, after | {"revoked": None, "seal": before[0]["seal"]}):
        put(database, row)
        assert keys.check(text) is None
    put(database, *before)
    for one in (keys, Keys(open_gallery(), clock)):
        assert one.check(text) is None, "the row itself, as it was once"
        assert one.valid(made.id) is None
        assert [key.state(clock.now) for key in one.list()] == ["altered"]
    assert keys.revoke(made.id).altered
    assert stored(database) == [], "what is altered is removed"


def test_a_forged_session_is_none(
    keys: Keys, gallery: Gallery, database: Database, clock: Clock
) -> None:
    sessions = Sessions(gallery, keys, clock)
    door, _ = keys.new("door", ["verify"])
    boss, _ = keys.new("boss", ["admin"])
    _, cookie = sessions.begin(door)
    _, others = sessions.begin(boss)
    rows = {row["key"]: row for row in stored(database, tables.session)}
    own, other = rows[door.id], rows[boss.id]
    for forged in (
        own | {"key": boss.id},
        own | {"key": boss.id, "seal": other["seal"]},
        other | {"digest": own["digest"]},
        own | {"begun": own["begun"] + 10},
        own | {"ends": own["ends"] + 10},
        own | {"seal": bytes(32)},
    ):
        put(database, forged, table=tables.session)
        assert sessions.find(cookie) is None
    put(database, own, other, table=tables.session)
    assert sessions.find(cookie) is not None
    clock.now += 100
    found = sessions.find(cookie)
    assert found is not None
    assert found == sessions.find(cookie), "sealed anew when it is used"
    with database.writing() as connection:
        connection.execute(
            update(tables.key).where(tables.key.c.id == boss.id).values(scopes="verify")
        )
    assert sessions.find(others) is None, "its key is altered"


def test_it_is_told_once_and_without_content(
    keys: Keys, gallery: Gallery, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    made, text = keys.new("door of Ada", ["verify"])
    (row,) = stored(database)
    put(database, row | {"scopes": "admin"})
    with caplog.at_level(logging.INFO, "twofold.service"):
        for _ in range(3):
            assert keys.check(text) is None
            keys.list()
    (said,) = caplog.records
    assert said.levelname == "WARNING"
    assert "service_key" in said.getMessage()
    for hidden in (made.id, "Ada", text[-43:], row["hash"], "admin"):
        assert hidden not in said.getMessage()
    with pytest.raises(OptionError, match="no API key"):
        create_app(often(), gallery)


def test_keys_and_sessions_outlive_the_gallerys_other_keys(url: str, clock: Clock) -> None:
    """The root secret, from which the seals' keys are derived, stays."""
    master = KeySource.from_bytes(bytes(range(7, 39)))
    with Gallery.open(url, key=KEY, revocable=True) as gallery:
        schema.prepare(gallery.database)
        keys = Keys(gallery, clock)
        made, text = keys.new("door", ["verify"])
        gone, _ = keys.new("old", ["verify"])
        keys.revoke(gone.id)
        session, cookie = Sessions(gallery, keys, clock).begin(made)
        key = gallery.derived_key("anything")
        gallery.rotate_keys(master=master, reseal=True)
        gallery.reissue()
        assert keys.check(text) == made
    with Gallery.open(url, key=master) as gallery:
        assert gallery.derived_key("anything") == key != gallery.derived_key("other")
        keys = Keys(gallery, clock)
        assert keys.check(text) == made
        assert Sessions(gallery, keys, clock).find(cookie) == session
        assert gallery.settings.retired == (gone.id,)
        assert [one.state(clock.now) for one in keys.list()].count("revoked") == 1
        assert gallery.verify_audit().ok
