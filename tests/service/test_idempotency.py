"""Idempotency keys: one request is done once, however often it is sent."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from tests.service.conftest import Clock, OpenDatabase
from twofold.gallery.store.database import Database
from twofold.service.idempotency import (
    KEPT_SECONDS,
    ConflictError,
    Idempotency,
    Replay,
)
from twofold.service.store import tables


@pytest.fixture
def repeats(database: Database, clock: Clock) -> Idempotency:
    return Idempotency(database, clock)


def test_a_request_is_done_once(
    repeats: Idempotency, clock: Clock, open_database: OpenDatabase
) -> None:
    begun = int(clock.now)
    assert repeats.begin("owner", "key", b"body") is None
    pending = Replay(pending=True, subject_id=None, status=None, begun=begun)
    assert repeats.begin("owner", "key", b"body") == pending
    repeats.done("owner", "key", 17, 201)
    done = Replay(pending=False, subject_id=17, status=201, begun=begun)
    assert repeats.begin("owner", "key", b"body") == done
    repeats.drop("owner", "key")  # too late
    clock.now += KEPT_SECONDS - 1
    assert Idempotency(open_database(), clock).begin("owner", "key", b"body") == done
    clock.now += 1
    assert repeats.begin("owner", "key", b"another") is None, "a day later it is new"
    assert repeats.begin("owner", "key", b"another") == replace(pending, begun=int(clock.now))


def test_owners_and_keys_do_not_meet(repeats: Idempotency) -> None:
    for owner, key in (("a", "b"), ("ab", ""), ("", "ab"), ("b", "a")):
        assert repeats.begin(owner, key, b"body") is None


def test_another_request_under_the_same_key_is_refused(repeats: Idempotency) -> None:
    assert repeats.begin("owner", "key", b"body") is None
    for _ in range(2):
        with pytest.raises(ConflictError, match="Idempotency-Key"):
            repeats.begin("owner", "key", b"another")
    repeats.done("owner", "key", 1, 201)
    with pytest.raises(ConflictError):
        repeats.begin("owner", "key", b"another")


def test_a_failed_request_may_be_sent_again(repeats: Idempotency) -> None:
    assert repeats.begin("owner", "key", b"body") is None
    repeats.drop("owner", "key")
    assert repeats.begin("owner", "key", b"another") is None


def test_a_request_that_died_stays_pending(
    repeats: Idempotency, clock: Clock, open_database: OpenDatabase
) -> None:
    begun = int(clock.now)
    assert repeats.begin("owner", "key", b"body") is None
    clock.now += KEPT_SECONDS - 1
    again = Idempotency(open_database(), clock)
    assert again.begin("owner", "key", b"body") == Replay(True, None, None, begun)
    clock.now += 1
    assert again.begin("owner", "key", b"body") is None


def test_of_many_at_once_one_is_new(
    repeats: Idempotency, clock: Clock, open_database: OpenDatabase
) -> None:
    other = Idempotency(open_database(), clock)
    with ThreadPoolExecutor(8) as pool:
        for key in ("first", "second", "third"):
            found = list(
                pool.map(lambda one, key=key: one.begin("owner", key, b"x"), [repeats, other] * 4)
            )
            assert found.count(None) == 1


def test_digests_alone_are_stored_and_old_ones_are_swept(
    repeats: Idempotency, database: Database, clock: Clock
) -> None:
    repeats.begin("the owner", "the key", b"the body")
    with database.reading() as connection:
        (row,) = connection.execute(select(tables.idempotency)).all()
    assert len(row.digest) == len(row.fingerprint) == 32
    assert b"the" not in bytes(row.digest) + bytes(row.fingerprint)
    clock.now += 2 * KEPT_SECONDS
    repeats.begin("the owner", "another", b"the body")
    with database.reading() as connection:
        count = select(func.count()).select_from(tables.idempotency)
        assert connection.execute(count).scalar() == 1
