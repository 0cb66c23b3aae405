"""Rate limits: never more than the bucket holds, whoever asks."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from tests.service.conftest import Clock, OpenDatabase, Together
from twofold.errors import OptionError
from twofold.gallery.store.database import Database
from twofold.service import rates as module
from twofold.service.rates import Limit, Rates
from twofold.service.store import tables


@pytest.fixture
def rates(database: Database, clock: Clock) -> Rates:
    return Rates(database, clock)


def test_a_burst_then_one_at_a_time(
    rates: Rates, clock: Clock, open_database: OpenDatabase
) -> None:
    for _ in range(3):
        assert rates.take(Limit("a", 30.0, 3)) == 0.0
    assert rates.take(Limit("a", 30.0, 3)) == pytest.approx(2.0)
    assert Rates(open_database(), clock).take(Limit("a", 30.0, 3)) == pytest.approx(2.0), (
        "restarted"
    )
    assert rates.take(Limit("b", 30.0, 3)) == 0.0, "each bucket for itself"
    clock.now += 1.5
    assert rates.take(Limit("a", 30.0, 3)) == pytest.approx(0.5)
    clock.now += 0.5
    assert rates.take(Limit("a", 30.0, 3)) == 0.0
    assert rates.take(Limit("a", 30.0, 3)) == pytest.approx(2.0)
    clock.now += 1000
    assert [rates.take(Limit("a", 30.0, 3)) for _ in range(4)] == pytest.approx(
        [0.0, 0.0, 0.0, 2.0]
    )


@pytest.mark.parametrize("per_minute", [7.0, 13.0, 99.0])
def test_rounding_costs_nobody_a_request(rates: Rates, clock: Clock, per_minute: float) -> None:
    clock.now += 0.123456
    for _ in range(3):
        waits = [rates.take(Limit("a", per_minute, 9)) for _ in range(10)]
        assert waits == pytest.approx([0.0] * 9 + [60.0 / per_minute], abs=1e-5)
        clock.now += 9 * 60.0 / per_minute


def test_a_look_takes_nothing(rates: Rates, clock: Clock) -> None:
    for _ in range(3):
        assert rates.look(Limit("a", 60.0, 1)) == 0.0
    assert rates.take(Limit("a", 60.0, 1)) == 0.0
    assert rates.look(Limit("a", 60.0, 1)) == pytest.approx(1.0)
    clock.now += 1.0
    assert rates.look(Limit("a", 60.0, 1)) == 0.0


def test_of_several_buckets_all_or_none(rates: Rates, clock: Clock) -> None:
    narrow, wide = Limit("a", 60.0, 1), Limit("b", 60.0, 2)
    assert rates.take(narrow, wide) == 0.0
    assert rates.take(wide, narrow) == rates.look(wide, narrow) == pytest.approx(1.0)
    assert rates.take(wide) == 0.0, "nothing was taken where one of them was empty"
    assert rates.take(wide) == pytest.approx(1.0)
    clock.now += 1.0
    assert rates.take(wide, narrow) == 0.0


def test_over_a_long_time_the_rate_is_kept(rates: Rates, clock: Clock) -> None:
    taken = 0
    for _ in range(200):
        clock.now += 0.37
        taken += rates.take(Limit("a", 60.0, 5)) == 0.0
    assert taken == 5 + int(200 * 0.37) - 1


def test_a_clock_set_back_locks_nobody_out(rates: Rates, clock: Clock) -> None:
    for _ in range(3):
        rates.take(Limit("a", 60.0, 3))
    clock.now -= 10_000
    assert 0.0 < rates.take(Limit("a", 60.0, 3)) <= 1.0


def test_threads_never_get_more(rates: Rates, clock: Clock, open_database: OpenDatabase) -> None:
    other = Rates(open_database(), clock)
    with ThreadPoolExecutor(6) as pool:
        waits = list(pool.map(lambda one: one.take(Limit("a", 1.0, 7)), [rates, other] * 10))
    assert waits.count(0.0) == 7


def test_processes_never_get_more(together: Together, database: Database, shared_url: str) -> None:
    assert sum(together("rates", shared_url, 4)) == 10


def test_the_last_one_is_not_taken_twice(
    rates: Rates, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes it between the look and the write."""
    sweep = rates._broom.sweep

    def meanwhile(age: float) -> None:
        monkeypatch.setattr(rates._broom, "sweep", sweep)
        assert rates.take(Limit("a", 60.0, 1)) == 0.0

    monkeypatch.setattr(rates._broom, "sweep", meanwhile)
    assert rates.take(Limit("a", 60.0, 1)) == pytest.approx(1.0)


def test_names_are_hashed_and_full_buckets_are_swept(
    rates: Rates, database: Database, clock: Clock
) -> None:
    rates.take(Limit("192.0.2.1", 60.0, 5))
    rates.take(Limit("\ud800", 60.0, 5))
    with database.reading() as connection:
        rows = connection.execute(select(tables.rate)).all()
    assert [len(row.bucket) for row in rows] == [32, 32]
    assert all(b"192" not in bytes(row.bucket) for row in rows)
    clock.now += module._SWEEP_SECONDS + module._AGE_SECONDS + 10
    rates.take(Limit("another", 60.0, 5))
    with database.reading() as connection:
        assert len(connection.execute(select(tables.rate)).all()) == 1


@pytest.mark.parametrize(
    ("per_minute", "burst"), [(0.0, 1), (-1.0, 1), (1.0, 0), (float("nan"), 1)]
)
def test_no_such_limit(per_minute: float, burst: int) -> None:
    with pytest.raises(OptionError, match="rate limit"):
        Limit("a", per_minute, burst)
