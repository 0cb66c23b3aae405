"""Lockout: five failures are free, however many attempts run at once, then each one waits."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests.service.conftest import Clock, OpenDatabase, Together
from tests.service.processes import NOW, SUBJECT
from twofold.gallery.store.database import Database
from twofold.service.lockout import (
    FIRST_DELAY,
    FREE_FAILURES,
    LONGEST_DELAY,
    MOST_FAILURES,
    DisabledError,
    Locked,
    LockedError,
    Lockout,
    delay,
)
from twofold.service.store import tables


@pytest.fixture
def lockout(database: Database, clock: Clock) -> Lockout:
    return Lockout(database, clock)


def fail(lockout: Lockout, times: int, subject: int = 1) -> None:
    for _ in range(times):
        lockout.failure(lockout.begin(subject))


def wait(lockout: Lockout, subject: int = 1) -> float:
    with pytest.raises(LockedError) as told:
        lockout.begin(subject)
    return told.value.seconds


def test_delays_grow() -> None:
    assert [delay(one) for one in range(9)] == [0, 0, 0, 0, 0, 30, 60, 120, 240]
    assert delay(16) == 30 * 2**11
    assert delay(17) == delay(MOST_FAILURES) == LONGEST_DELAY


def test_after_five_failures_the_subject_has_to_wait(
    lockout: Lockout, clock: Clock, open_database: OpenDatabase
) -> None:
    assert lockout.state(1) is None
    fail(lockout, FREE_FAILURES - 1)
    assert lockout.state(1) is None
    fail(lockout, 1)
    assert wait(lockout) == FIRST_DELAY
    assert lockout.state(1) == Locked(5, clock.now + FIRST_DELAY, disabled=False)
    with pytest.raises(LockedError, match=r"Try again in 30 s\."):
        lockout.require(1)
    lockout.require(2)
    fail(lockout, 1, subject=2)
    again = Lockout(open_database(), clock)
    assert wait(again) == FIRST_DELAY, "after a restart"
    clock.now += FIRST_DELAY
    assert again.state(1) is None
    fail(again, 1)
    assert wait(lockout) == 2 * FIRST_DELAY
    clock.now += 2 * FIRST_DELAY - 0.4
    with pytest.raises(LockedError, match=r"Try again in 1 s\."):
        lockout.begin(1)


def test_a_delay_counts_from_the_failure(lockout: Lockout, clock: Clock) -> None:
    fail(lockout, 4)
    attempt = lockout.begin(1)
    clock.now += 10
    lockout.failure(attempt)
    assert wait(lockout) == FIRST_DELAY


def test_success_forgets_the_failures(lockout: Lockout, clock: Clock) -> None:
    fail(lockout, 4)
    lockout.success(lockout.begin(1))
    fail(lockout, 5)
    clock.now += FIRST_DELAY
    lockout.success(lockout.begin(1))
    assert lockout.state(1) is None
    fail(lockout, 5)
    assert wait(lockout) == FIRST_DELAY


def test_fifty_failures_disable_until_unlocked(lockout: Lockout, clock: Clock) -> None:
    fail(lockout, FREE_FAILURES)
    for _ in range(MOST_FAILURES - FREE_FAILURES):
        clock.now += wait(lockout)
        fail(lockout, 1)
    clock.now += 10 * LONGEST_DELAY
    with pytest.raises(DisabledError, match="unlock"):
        lockout.begin(1)
    with pytest.raises(DisabledError, match="unlock"):
        lockout.require(1)
    assert lockout.state(1) == Locked(MOST_FAILURES, None, disabled=True)
    lockout.unlock(1)
    assert lockout.state(1) is None
    fail(lockout, FREE_FAILURES)
    assert wait(lockout) == FIRST_DELAY


def test_a_crash_leaves_the_attempt_counted(lockout: Lockout, clock: Clock) -> None:
    for _ in range(FREE_FAILURES):
        lockout.begin(1)
    assert wait(lockout) == FIRST_DELAY


def test_what_was_not_compared_is_given_back(lockout: Lockout, clock: Clock) -> None:
    for _ in range(20):
        lockout.release(lockout.begin(1))
    fail(lockout, 4)
    lockout.release(lockout.begin(1))
    assert lockout.state(1) is None
    fail(lockout, 1)
    clock.now += FIRST_DELAY
    for _ in range(3):
        lockout.release(lockout.begin(1))  # no wait in between: the delay before was over
    fail(lockout, 1)
    assert wait(lockout) == 2 * FIRST_DELAY


def test_a_release_leaves_the_delays_of_others(lockout: Lockout, clock: Clock) -> None:
    first, *others = [lockout.begin(1) for _ in range(5)]
    for one in others:
        lockout.failure(one)
    clock.now += FIRST_DELAY
    last = lockout.begin(1)
    lockout.failure(last)
    lockout.release(first)
    assert wait(lockout) == 2 * FIRST_DELAY
    assert lockout.state(1) == Locked(5, clock.now + 2 * FIRST_DELAY, disabled=False)


def test_an_attempt_has_one_end(lockout: Lockout) -> None:
    fail(lockout, 4)
    attempt = lockout.begin(1)
    lockout.failure(attempt)
    lockout.release(attempt)
    lockout.success(attempt)
    lockout.failure(attempt)
    assert lockout.state(1) is not None
    lockout.unlock(1)
    attempt = lockout.begin(1)
    lockout.success(attempt)
    for _ in range(5):
        lockout.failure(attempt)
    assert lockout.state(1) is None


def test_attempts_under_way_during_a_success_count_when_they_fail(lockout: Lockout) -> None:
    good, *bad = [lockout.begin(1) for _ in range(5)]
    lockout.success(good)
    given_back = bad.pop()
    lockout.release(given_back)
    for one in bad:
        lockout.failure(one)
    fail(lockout, 1)
    assert lockout.state(1) is None
    fail(lockout, 1)
    assert wait(lockout) == FIRST_DELAY


def test_an_erased_subject_leaves_nothing(lockout: Lockout, database: Database) -> None:
    attempts = [lockout.begin(1) for _ in range(3)]
    lockout.forget(1)
    lockout.failure(attempts[0])
    lockout.release(attempts[1])
    lockout.success(attempts[2])
    lockout.unlock(1)
    with database.reading() as connection:
        count = select(func.count()).select_from(tables.lockout)
        assert connection.execute(count).scalar() == 0


def test_threads_never_get_more_than_five_in(
    lockout: Lockout, clock: Clock, open_database: OpenDatabase
) -> None:
    other = Lockout(open_database(), clock)

    def begun(one: Lockout) -> bool:
        try:
            one.begin(3)
        except LockedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begun, [lockout, other] * 8)) == FREE_FAILURES


def test_many_ends_at_once_lose_none(lockout: Lockout, clock: Clock) -> None:
    attempts = [lockout.begin(3) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lockout.release, attempts))
    fail(lockout, 4, subject=3)
    assert lockout.state(3) is None


def test_processes_never_get_more_than_five_in(
    together: Together, database: Database, shared_url: str
) -> None:
    assert sum(together("lockout", shared_url, 4)) == FREE_FAILURES
    assert Lockout(database, lambda: NOW).state(SUBJECT) is not None
    assert sum(together("lockout", shared_url, 2)) == 0
