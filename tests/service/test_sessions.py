"""Sessions of the console: begun with a key, ended by idleness, age, the key's end, or on wish."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.service.conftest import Clock, OpenGallery
from twofold.gallery import Gallery
from twofold.gallery.store.database import Database
from twofold.service.keys import ApiKey, Keys
from twofold.service.sessions import IDLE_SECONDS, LONGEST_SECONDS, Sessions
from twofold.service.store import tables

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def keys(gallery: Gallery, clock: Clock) -> Keys:
    return Keys(gallery, clock)


@pytest.fixture
def sessions(gallery: Gallery, keys: Keys, clock: Clock) -> Sessions:
    return Sessions(gallery, keys, clock)


@pytest.fixture
def key(keys: Keys) -> ApiKey:
    return keys.new("console", ["verify"])[0]


def test_a_session_goes_on_across_processes(
    sessions: Sessions, key: ApiKey, clock: Clock, keys: Keys, open_gallery: OpenGallery
) -> None:
    session, cookie = sessions.begin(key)
    assert session.key == key
    assert session.begun.timestamp() == clock.now
    assert session.expires.timestamp() == clock.now + IDLE_SECONDS
    assert len(session.csrf) == len(cookie) == 43
    assert session.csrf != cookie
    assert session.csrf not in repr(session)
    assert sessions.find(cookie) == session
    assert Sessions(open_gallery(), keys, clock).find(cookie) == session, "after a restart"
    other, another = sessions.begin(key)
    assert another != cookie
    assert other.csrf != session.csrf


def test_it_ends_when_it_is_idle(sessions: Sessions, key: ApiKey, clock: Clock) -> None:
    _, cookie = sessions.begin(key)
    for _ in range(3):
        clock.now += IDLE_SECONDS - 1
        found = sessions.find(cookie)
        assert found is not None
        assert found.expires.timestamp() == clock.now + IDLE_SECONDS
    clock.now += 30
    assert sessions.find(cookie) == found, "not written with every request"
    clock.now += IDLE_SECONDS - 30
    assert sessions.find(cookie) is None


def test_it_ends_after_twelve_hours(sessions: Sessions, key: ApiKey, clock: Clock) -> None:
    session, cookie = sessions.begin(key)
    end = clock.now + LONGEST_SECONDS
    while clock.now + 1200 < end:
        clock.now += 1200
        found = sessions.find(cookie)
        assert found is not None
        assert found.begun == session.begun
    assert found.expires.timestamp() == end
    clock.now = end
    assert sessions.find(cookie) is None


def test_it_ends_with_its_key(sessions: Sessions, key: ApiKey, clock: Clock, keys: Keys) -> None:
    _, cookie = sessions.begin(key)
    keys.revoke(key.id)
    assert sessions.find(cookie) is None
    until = datetime.fromtimestamp(clock.now, UTC) + timedelta(seconds=100)
    short, _ = keys.new("short", ["verify"], until)
    session, cookie = sessions.begin(short)
    assert session.expires == until
    clock.now += 99
    assert sessions.find(cookie) is not None
    clock.now += 1
    assert sessions.find(cookie) is None


def test_it_is_ended(sessions: Sessions, key: ApiKey) -> None:
    _, cookie = sessions.begin(key)
    _, other = sessions.begin(key)
    for junk in ("", "x", cookie + "x", "\ud800" * 43, cookie[::-1]):
        assert sessions.find(junk) is None
        sessions.end(junk)
    sessions.end(cookie)
    assert sessions.find(cookie) is None
    assert sessions.find(other) is not None


def test_only_digests_are_stored_and_old_ones_are_swept(
    sessions: Sessions, key: ApiKey, database: Database, clock: Clock
) -> None:
    session, cookie = sessions.begin(key)
    with database.reading() as connection:
        (row,) = connection.execute(select(tables.session)).all()
    assert bytes(row.digest) == hashlib.sha256(cookie.encode()).digest()
    assert session.csrf not in str(row)
    clock.now += IDLE_SECONDS + 1
    sessions.begin(key)
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(tables.session)).scalar() == 1
