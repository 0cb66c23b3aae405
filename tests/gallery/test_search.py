"""Search against scoring every subject with `Recognizer.ratios`, which it must equal exactly."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.gallery.search_templates import FACE, IRIS, People, model
from twofold.errors import ModelError, OptionError
from twofold.fusion.model import FusionModel
from twofold.fusion.rules import LogisticRule
from twofold.gallery.protection import Transform
from twofold.gallery.search import Candidate, Candidates, Index
from twofold.gallery.search.index import Engines
from twofold.recognizer import Recognizer
from twofold.template import Template

ENGINES: list[Engines] = ["compiled", "numpy"]


def everyone(
    fusion: FusionModel, probe: Template, references: dict[int, Template]
) -> list[Candidate]:
    recognizer = Recognizer(fusion=fusion)
    found = []
    for subject, reference in references.items():
        ratios = recognizer.ratios(probe, reference)
        if ratios:
            found.append(
                Candidate(subject, ratios["fused"], ratios.get("face"), ratios.get("iris"))
            )
    return sorted(found, key=lambda one: (-one.llr, one.subject))


def expected(ranked: list[Candidate], top_k: int, least: float | None) -> Candidates:
    return tuple(one for one in ranked if least is None or one.llr >= least)[:top_k]


def gallery(seed: int, count: int, plain: bool = False) -> tuple[People, dict[int, Template]]:
    people = People(seed, plain)
    return people, {number * 37 % 1009: people.template(number) for number in range(count)}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(4))
def test_a_search_finds_what_scoring_everyone_finds(engine: Engines, seed: int) -> None:
    fusion = model(isotonic=seed % 2 == 1)
    people, references = gallery(seed, 60)
    index = Index(fusion, engine=engine, threads=1 + seed % 2)
    index.put_many(references.items())
    for number in (0, 5, 70):
        probe = people.template(number)
        ranked = everyone(fusion, probe, references)
        exactly = ranked[2].llr if len(ranked) > 2 else 0.0
        for top_k in (1, 3, 100):
            for least in (None, -3.0, 9.0, exactly):
                assert index.search(probe, top_k, least) == expected(ranked, top_k, least)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_face_and_one_iris_each(engine: Engines) -> None:
    people, references = gallery(11, 300, plain=True)
    index = Index(model(), engine=engine)
    index.put_many(references.items())
    for number in (3, 299, 1000):
        probe = people.template(number)
        ranked = everyone(model(), probe, references)
        for top_k, least in ((1, None), (10, None), (10, 2.0)):
            assert index.search(probe, top_k, least) == expected(ranked, top_k, least)


def test_large_enough_for_seeds_and_threads() -> None:
    """More subjects than seeds; the bar is found among few and holds for all."""
    people, references = gallery(12, 700, plain=True)
    templates = dict(enumerate(references.values()))
    many = {number: templates[number * 7 % 700] for number in range(9_000)}  # with exact ties
    index, slow = Index(model(), engine="compiled", threads=2), Index(model(), engine="numpy")
    for one in (index, slow):
        one.put_many(many.items())
    for number in (8, 5000):
        probe = people.template(number)
        levels = {one.subject: one for one in everyone(model(), probe, templates)}
        ranked = [replace(levels[subject * 7 % 700], subject=subject) for subject in many]
        ranked.sort(key=lambda one: (-one.llr, one.subject))
        for top_k, least in ((30, None), (1, None), (100, ranked[20].llr)):
            assert index.search(probe, top_k, least) == expected(ranked, top_k, least)
        assert slow.search(probe, 30) == expected(ranked, 30, None)


@pytest.mark.parametrize("engine", ENGINES)
def test_after_any_order_of_changes(engine: Engines) -> None:
    drawn = np.random.default_rng(5)
    people, references = gallery(5, 40)
    index = Index(model(), engine=engine)
    index.put_many(references.items())
    for step in range(6):
        for _ in range(12):
            subject = int(drawn.integers(0, 60)) * 37 % 1009
            if drawn.random() < 0.4:
                assert index.remove(subject) == (references.pop(subject, None) is not None)
            else:
                references[subject] = people.template(int(drawn.integers(0, 80)))
                index.put(subject, references[subject])
        if step == 3:
            index.compact()
        assert len(index) == len(references)
        assert all((subject in index) == (subject in references) for subject in range(1009))
        probe = people.template(int(drawn.integers(0, 80)))
        ranked = everyone(model(), probe, references)
        assert index.search(probe, 7) == expected(ranked, 7, None)


def test_much_that_ended_is_compacted() -> None:
    people = People(3, plain=True)
    template = people.template(0)
    index = Index(model())
    for _ in range(5):
        index.put_many((subject, template) for subject in range(1_100))
    assert len(index) == 1_100
    assert sum(view.used for view in index._state.views) < 5 * 1_100
    assert len(index.search(template, 2_000)) == 1_100


def test_a_batch_is_seen_whole_while_others_search() -> None:
    """Each change moves everyone to the next template: a search may not see two of them."""
    people = People(9, plain=True)
    old, new = people.template(1), people.template(2)
    index = Index(model(), engine="compiled", threads=1)
    index.put_many((subject, old) for subject in range(600))
    probe = people.template(1)
    known = {one.llr for one in everyone(model(), probe, {0: old, 1: new})}
    stop, wrong = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            found = index.search(probe, 700)
            if len(found) != 600 or len({one.llr for one in found}) != 1:
                wrong.append(len(found))

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(12):
        index.put_many((subject, new if turn % 2 == 0 else old) for subject in range(600))
        if turn == 7:
            index.compact()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert {index.search(probe, 1)[0].llr} <= known


def test_samples_of_another_model_are_refused() -> None:
    _, references = gallery(1, 20)
    index = Index(model(), FACE, IRIS)
    index.put_many(references.items())
    before = len(index)
    probe = People(1, plain=True).template(0)
    for changed in ({"face_contract": "00" * 32}, {"iris_contract": "00" * 32}):
        other = replace(probe, **changed)
        with pytest.raises(ModelError, match="another model"):
            index.search(other)
        with pytest.raises(ModelError, match="another model"):
            index.put_many([(5000, probe), (5001, other)])
    assert len(index) == before and 5000 not in index


@pytest.mark.parametrize("count", [20, 600])
def test_what_is_not_calibrated_is_an_error_and_not_a_low_rank(count: int) -> None:
    people, references = gallery(4, count, plain=True)
    only_faces = FusionModel(model().calibrations[:1])
    index = Index(only_faces)
    index.put_many(references.items())
    seen = next(
        one for one in map(people.template, range(50)) if one.irises[0].code.mask.all()
    )  # some masks of these templates leave nothing to compare
    with pytest.raises(ModelError, match="iris"):
        index.search(seen)
    assert index.search(people.template(0).only("face"), 3)
    nothing = Index(replace(only_faces, calibrations=()))
    nothing.put_many(references.items())
    with pytest.raises(ModelError, match="calibrat"):
        nothing.search(people.template(0))


def test_trained_rules_score_everyone() -> None:
    rule = LogisticRule(
        {"face": (0.9,), "iris": (0.8,), "face+iris": (-0.5, 1.3)},
        {"face": 0.1, "iris": 0.0, "face+iris": -0.2},
    )
    people, references = gallery(6, 30)
    index = Index(model(rule))
    index.put_many(references.items())
    probe = people.template(2)
    ranked = everyone(model(rule), probe, references)
    assert index.search(probe, 5) == expected(ranked, 5, None)


@pytest.mark.parametrize("engine", ENGINES)
def test_protected_references_are_searched(engine: Engines) -> None:
    people, references = gallery(8, 40)
    transform = Transform(bytes(range(32)))
    index = Index(transform.model(model()), engine=engine)
    stored = {subject: transform.protect(one) for subject, one in references.items()}
    index.put_many(stored.items())
    recognizer = Recognizer(fusion=model())
    probe = people.template(4)
    ratios = {
        subject: found["fused"]
        for subject, one in stored.items()
        if (found := recognizer.ratios(probe, one, transform))
    }
    best = sorted(ratios, key=lambda subject: (-ratios[subject], subject))[:6]
    found = index.search(probe, 6, protection=transform)
    assert [(one.subject, one.llr) for one in found] == [(one, ratios[one]) for one in best]
    with pytest.raises(ModelError):
        index.search(probe)


def test_odd_questions() -> None:
    people, references = gallery(2, 10)
    index = Index(model())
    probe = people.template(0)
    assert index.search(probe) == ()
    index.put_many(references.items())
    with pytest.raises(OptionError, match="top_k"):
        index.search(probe, 0)
    with pytest.raises(OptionError, match="least"):
        index.search(probe, 1, float("nan"))
    for subject in (-1, 1 << 63, True):
        with pytest.raises(OptionError, match="subject"):
            index.put(subject, probe)
    with pytest.raises(OptionError, match="engine"):
        Index(model(), engine="magic")  # type: ignore[arg-type]
