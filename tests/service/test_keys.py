"""API keys: made, checked, revoked; what is stored tells nobody a key."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from argon2 import Type
from sqlalchemy import select

from tests.service.conftest import Clock, OpenGallery
from twofold.errors import MissingExtraError, OptionError
from twofold.gallery import Gallery
from twofold.gallery.store.database import Database
from twofold.service import keys as module
from twofold.service.keys import SCOPES, Keys, UnknownKeyError
from twofold.service.store import tables

SLOW = module._hasher
pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def keys(gallery: Gallery, clock: Clock) -> Keys:
    return Keys(gallery, clock)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that were verified against, as they come."""
    from argon2 import PasswordHasher

    found: list[str] = []
    verify: Callable[..., bool] = PasswordHasher.verify

    def watched(self: PasswordHasher, hash: str, secret: str) -> bool:
        found.append(hash)
        time.sleep(0.02)
        return verify(self, hash, secret)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    return found


def test_a_key_is_made_and_checked(
    keys: Keys, clock: Clock, open_gallery: OpenGallery, hashed: list[str]
) -> None:
    made, text = keys.new("  Front door ", ["verify", "identify", "verify"])
    assert made.name == "Front door"
    assert made.scopes == {"verify", "identify"}
    assert made.created.timestamp() == clock.now
    assert made.created.tzinfo is UTC
    assert (made.expires, made.revoked) == (None, None)
    assert text.startswith(f"tf_{made.id}_")
    assert len(text) == 3 + 16 + 1 + 43
    assert text[-43:] not in repr(made)
    assert not keys.remembered(text)
    assert keys.check(text) == made
    assert keys.remembered(text)
    assert not keys.remembered("\ud800")
    assert keys.check(text) == made
    assert len(hashed) == 1, "remembered"
    assert Keys(open_gallery(), clock).check(text) == made, "after a restart"
    assert keys.list() == (made,)
    other, _ = keys.new("Other", SCOPES)
    assert set(keys.list()) == {made, other}


def test_what_is_no_key_is_refused_in_the_same_time(keys: Keys, hashed: list[str]) -> None:
    made, text = keys.new("a", ["verify"])
    wrong = text[:-1] + ("A" if text[-1] != "A" else "E")
    unknown = f"tf_{'0' * 16}_{text[-43:]}"
    assert keys.check(wrong) is None
    assert keys.check(wrong) is None
    assert keys.check(unknown) is None
    assert len(hashed) == 3, "each was hashed: what is wrong is not remembered"
    assert hashed[0] == hashed[1]
    assert hashed[2] != hashed[0]
    assert all(one.startswith("$argon2id$v=19$") for one in hashed)
    assert keys.check(text) == made
    for junk in ("", "tf_", text + "A", text[:-1], text.upper(), f" {text}", text + "\n", "é" * 63):
        assert keys.check(junk) is None
    assert len(hashed) == 4


def test_a_revoked_key_is_refused_at_once_in_every_process(
    keys: Keys, clock: Clock, open_gallery: OpenGallery
) -> None:
    made, text = keys.new("a", ["verify"])
    assert keys.check(text) is not None
    clock.now += 10
    ended = Keys(open_gallery(), clock).revoke(made.id)
    assert ended.revoked is not None
    assert ended.revoked.timestamp() == clock.now
    assert ended.state(clock.now) == "revoked"
    assert keys.check(text) is None
    clock.now += 10
    assert keys.revoke(made.id) == ended, "twice changes nothing"
    assert keys.list() == (ended,)
    for unknown in ("", "0" * 16, "x" * 99):
        with pytest.raises(UnknownKeyError, match="keys list"):
            keys.revoke(unknown)


def test_a_key_expires(keys: Keys, clock: Clock) -> None:
    until = datetime.fromtimestamp(clock.now, UTC) + timedelta(seconds=100)
    made, text = keys.new("a", ["verify"], until)
    assert made.expires == until
    clock.now += 99
    assert keys.check(text) == made
    assert made.state(clock.now) == "valid"
    clock.now += 1
    assert keys.check(text) is None
    assert made.state(clock.now) == "expired"
    day, _ = keys.new("b", ["verify"], date(2040, 1, 1))
    assert day.expires == datetime(2040, 1, 1, tzinfo=UTC)


def test_it_is_remembered_for_a_minute(
    keys: Keys, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = keys.new("a", ["verify"])
    monkeypatch.setattr(module, "_REMEMBERED_SECONDS", 0.0)
    assert keys.check(text)
    assert not keys.remembered(text)
    assert keys.check(text)
    assert len(hashed) == 2
    assert len(keys._remembered) == 1, "and then forgotten"
    assert all(text.encode() not in one for one in keys._remembered)


def test_a_burst_with_one_key_is_hashed_few_times(keys: Keys, hashed: list[str]) -> None:
    made, text = keys.new("a", ["verify"])
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(keys.check, [text] * 8)) == [made] * 8
    assert len(hashed) <= 2


def test_nothing_stored_tells_a_key(keys: Keys, database: Database) -> None:
    _, text = keys.new("a", ["verify"])
    with database.reading() as connection:
        stored = str(connection.execute(select(tables.key)).all())
    assert text[-43:] not in stored
    assert "$argon2id$" in stored


@pytest.mark.parametrize(
    ("name", "scopes", "expires", "told"),
    [
        ("", ["verify"], None, "name"),
        ("a" * 101, ["verify"], None, "name"),
        ("a\nb", ["verify"], None, "name"),
        ("a", [], None, "scopes: none given"),
        ("a", ["verify", "all"], None, "scope 'all'"),
        ("a", ["verify"], date(2020, 1, 1), "over already"),
        ("a", ["verify"], datetime(2090, 1, 1), "time zone"),
    ],
)
def test_wrong_wishes_are_refused(
    keys: Keys, name: str, scopes: list[str], expires: date | None, told: str
) -> None:
    with pytest.raises(OptionError, match=told):
        keys.new(name, scopes, expires)
    assert keys.list() == ()


def test_hashes_cost_what_is_recommended() -> None:
    """Not less than the second choice of RFC 9106, for places with little memory."""
    hasher = SLOW()
    assert (hasher.type, hasher.time_cost, hasher.memory_cost, hasher.parallelism) == (
        Type.ID, 3, 65536, 4,
    )  # fmt: skip


def test_argon2_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argon2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'twofold\[serve\]'"):
        SLOW()
