"""Limits as callers meet them, and that two processes on one database share them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.service.serving import (
    Served,
    eye_png,
    face_png,
    fresh,
    gallery_for_pictures,
    often,
    serving,
)
from tests.service.test_api import error

PERSON, OTHER = 50, 51


@pytest.fixture(scope="module")
def two(
    served: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, Served]]:
    """Two services on one database: each address may give 10 wrong keys, and call 600 times."""
    place = tmp_path_factory.mktemp("two") / "people.gallery"
    settings = often(
        workers=1, sign_in_per_minute=0.01, address_burst=600, address_per_minute=0.01,
        key_burst=50, key_per_minute=0.01,
    )  # fmt: skip
    with ExitStack() as both:
        made = [
            both.enter_context(
                serving(both.enter_context(gallery_for_pictures(place)), settings, served)
            )
            for _ in range(2)
        ]
        yield made[0], made[1]


def files(person: int, sample: int) -> dict[str, tuple[str, bytes]]:
    return {
        "face": ("f.png", face_png(person, sample)), "left": ("l.png", eye_png(person, sample))
    }  # fmt: skip


def test_failures_count_at_both(two: tuple[Served, Served]) -> None:
    name = fresh()
    given = {"subject": name, "light": "nir"}
    with two[0].http() as one, two[1].http() as other:
        assert one.post("/v1/subjects", data=given, files=files(PERSON, 0)).status_code == 201
        for client in (one, other, one, other, one):
            found = client.post("/v1/verify", data=given, files=files(OTHER, 1))
            assert found.json()["match"] is False
        for client in (one, other):
            late = client.post("/v1/verify", data=given, files=files(PERSON, 1))
            error(late, 429, "locked")
        assert other.post(f"/v1/subjects/{name}/unlock").status_code == 204
        assert one.post("/v1/verify", data=given, files=files(PERSON, 1)).json()["match"]
        found = other.post("/v1/identify", data={"light": "nir"}, files=files(PERSON, 1)).json()
        assert found["best"] == name, "what one has enrolled the other finds"


def test_a_key_has_a_rate_of_its_own_at_both(two: tuple[Served, Served]) -> None:
    statuses = []
    for number in range(52):
        own = {"Authorization": f"Bearer {two[0].keys['auditor']}"}
        with two[number % 2].http(None) as client:
            answer = client.get("/v1/policies", headers=own)
            statuses.append(answer.status_code)
    assert statuses == [200] * 50 + [429] * 2
    error(answer, 429, "too_many_requests")
    assert int(answer.headers["retry-after"]) > 60


def test_an_address_that_guesses_is_kept_out_but_known_keys_are_not(
    two: tuple[Served, Served],
) -> None:
    with two[0].http("door") as door:
        assert door.get("/v1/policies").status_code == 200
        wrong = {"Authorization": "Bearer tf_0123456789abcdef_" + "x" * 43}
        for number in range(10):
            with httpx.Client(base_url=two[number % 2].url, headers=wrong) as guesser:
                error(guesser.get("/v1/policies"), 401, "unauthorized")
        for one in two:
            with httpx.Client(base_url=one.url, headers=wrong) as guesser:
                error(guesser.get("/v1/policies"), 429, "too_many_requests")
                sign_in = guesser.post("/v1/session", json={"key": "tf_wrong"})
                error(sign_in, 429, "too_many_requests")
        assert door.get("/v1/policies").status_code == 200


def test_an_address_has_a_rate(two: tuple[Served, Served]) -> None:
    with two[0].http(None) as nobody:
        for _ in range(700):
            answer = nobody.get("/v1/policies")
            if answer.status_code == 429:
                break
        error(answer, 429, "too_many_requests")
        assert nobody.get("/v1/health/live").status_code == 200


def test_two_services_ended_and_begun_again_remember(served: Served, tmp_path: Path) -> None:
    settings = often(workers=1, sign_in_per_minute=0.01)
    for begun in range(2):
        with (
            gallery_for_pictures(tmp_path / "people.gallery") as gallery,
            serving(gallery, settings, served) as service,
            service.http(None) as client,
        ):
            for _ in range(10):
                answer = client.post("/v1/session", json={"key": "tf_wrong"})
            assert answer.status_code == (401 if begun == 0 else 429)
