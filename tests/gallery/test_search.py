"""Search against scoring every subject with `Recognizer.ratios`, which it must equal exactly."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.gallery.search_templates import FACE, IRIS, People, model
from twofold.errors import ModelError, OptionError
from twofold.fusion.curves import LogisticCurve
from twofold.fusion.model import FusionModel
from twofold.fusion.rules import LogisticRule, Ratios, SumRule
from twofold.gallery.protection import Transform
from twofold.gallery.search import Candidate, Candidates, Index
from twofold.gallery.search.bounds import bounds
from twofold.gallery.search.index import Engines
from twofold.gallery.search.merging import merge
from twofold.gallery.search.segments import Segment
from twofold.recognizer import Recognizer
from twofold.template import Eye, Template

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


def both_engines(
    fusion: FusionModel, references: dict[int, Template], threads: int = 1
) -> list[Index]:
    indexes = [Index(fusion, engine=engine, threads=threads) for engine in ENGINES]
    for index in indexes:
        index.put_many(references.items())
    return indexes


@pytest.mark.parametrize("seed", range(4))
def test_a_search_finds_what_scoring_everyone_finds(seed: int) -> None:
    """None to three faces and irises each, of any eye and light, some without a bit to compare."""
    fusion = model(isotonic=seed % 2 == 1)
    people, references = gallery(seed, 45)
    indexes = both_engines(fusion, references, 1 + seed % 2)
    for number in (0, 5, 70):
        probe = people.template(number)
        ranked = everyone(fusion, probe, references)
        exactly = ranked[2].llr if len(ranked) > 2 else 0.0
        for top_k in (1, 3, 100):
            for least in (None, -3.0, 9.0, exactly):
                for index in indexes:
                    assert index.search(probe, top_k, least) == expected(ranked, top_k, least)


def test_one_face_and_one_iris_each() -> None:
    people, references = gallery(11, 200, plain=True)
    indexes = both_engines(model(), references)
    for number in (3, 199, 1000):
        probe = people.template(number)
        ranked = everyone(model(), probe, references)
        for top_k, least in ((1, None), (10, None), (10, 2.0)):
            for index in indexes:
                assert index.search(probe, top_k, least) == expected(ranked, top_k, least)


@pytest.mark.parametrize("eyes", [("left", "right"), ("left",), ("left", "left", "right"), (None,)])
def test_named_eyes_are_weighed_apart(eyes: tuple[Eye | None, ...]) -> None:
    """Left and right say as much as both together; an eye that is left early rules nobody out."""
    people, references = gallery(13, 20, plain=True)
    whole = {one: people.with_eyes(one * 7, ("left", "right")) for one in range(300, 350)}
    references |= whole
    indexes = both_engines(model(), references)
    probe = people.with_eyes(301 * 7, eyes)
    for given in (probe, probe.only("iris"), probe.only("face")):
        ranked = everyone(model(), given, references)
        for top_k, least in ((1, None), (6, None), (6, 5.0)):
            for index in indexes:
                assert index.search(given, top_k, least) == expected(ranked, top_k, least)


def test_ratios_far_beyond_what_float32_adds_up() -> None:
    """Curves without an upper end: sums of 10,000 and more are rounded by more than they differ."""
    steep = LogisticCurve(90_000.0, -45_000.0, (-6.9, -0.6), 0.0, 50.0)
    fusion = FusionModel(tuple(replace(one, curve=steep) for one in model().calibrations))
    people, references = gallery(14, 80, plain=True)
    for index in both_engines(fusion, references):
        for number in (2, 500):
            probe = people.template(number)
            ranked = everyone(fusion, probe, references)
            assert index.search(probe, 5) == expected(ranked, 5, None)


def test_large_enough_for_seeds_and_threads() -> None:
    """More subjects than seeds; the bar is found among few and holds for all."""
    people, references = gallery(12, 300, plain=True)
    templates = dict(enumerate(references.values()))
    many = {number: templates[number * 7 % 300] for number in range(9_000)}  # with exact ties
    index, slow = Index(model(), engine="compiled", threads=2), Index(model(), engine="numpy")
    for one in (index, slow):
        one.put_many(many.items())
    for number in (8, 5000):
        probe = people.template(number)
        levels = {one.subject: one for one in everyone(model(), probe, templates)}
        ranked = [replace(levels[subject * 7 % 300], subject=subject) for subject in many]
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


def test_much_that_ended_is_compacted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twofold.gallery.search.index._WORTH_COMPACTING", 100)
    people = People(3, plain=True)
    template = people.template(0)
    index = Index(model())
    for _ in range(5):
        index.put_many((subject, template) for subject in range(110))
    assert len(index) == 110
    assert sum(view.used for view in index._state.views) < 5 * 110
    assert len(index.search(template, 2_000)) == 110


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
    for turn in range(9):
        index.put_many((subject, new if turn % 2 == 0 else old) for subject in range(600))
        if turn == 7:
            index.compact()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert {index.search(probe, 1)[0].llr} <= known


@pytest.mark.parametrize("start", [0, 30])
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_a_change_that_fails_half_way_leaves_everything_as_it_was(
    monkeypatch: pytest.MonkeyPatch, start: int, error: type[BaseException]
) -> None:
    people, references = gallery(15, 30, plain=True)
    begun = dict(list(references.items())[:start])
    index = Index(model())
    index.put_many(begun.items())
    more = {subject: people.template(subject) for subject in [*references, 2000, 2001]}
    probe = people.template(40)
    before = index.search(probe, 100)
    append, left = Segment.append, [20]

    def failing(self: Segment, subject: int, template: Template) -> None:
        append(self, subject, template)
        left[0] -= 1
        if left[0] == 0:
            raise error

    monkeypatch.setattr(Segment, "append", failing)
    with pytest.raises(error):
        index.put_many([*more.items(), *list(more.items())[:5]])
    monkeypatch.undo()
    assert len(index) == len(begun)
    assert index.search(probe, 100) == before
    assert [subject in index for subject in more] == [subject in begun for subject in more]
    index.put_many(more.items())
    assert len(index) == len(more)
    assert index.search(probe, 100) == expected(everyone(model(), probe, more), 100, None)


def test_no_memory_to_compact_is_no_failed_change(monkeypatch: pytest.MonkeyPatch) -> None:
    template = People(3, plain=True).template(0)
    index = Index(model())
    index.put_many((subject, template) for subject in range(110))

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("twofold.gallery.search.index._WORTH_COMPACTING", 100)
    monkeypatch.setattr("twofold.gallery.search.index.merge", full)
    index.put_many((subject, template) for subject in range(110))
    assert len(index) == 110
    monkeypatch.setattr("twofold.gallery.search.index.merge", merge)
    assert index.remove(0)
    assert [view.used for view in index._state.views] == [109]


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


def test_a_rule_of_ones_own_scores_everyone() -> None:
    class Cautious(SumRule):
        def fuse(self, llrs: Ratios) -> NDArray[np.float64]:
            return -super().fuse(llrs)

    people, references = gallery(6, 30)
    index = Index(model(Cautious()))
    index.put_many(references.items())
    probe = people.template(2)
    assert index.search(probe, 5) == expected(
        everyone(model(Cautious()), probe, references), 5, None
    )


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
    for subject in (-1, 1 << 63, True, 1.5):
        with pytest.raises(OptionError, match="subject"):
            index.put(subject, probe)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="engine"):
        Index(model(), engine="magic")  # type: ignore[arg-type]


def test_tables_of_equal_models_are_made_once() -> None:
    tables = bounds(model(), 200.0)
    assert bounds(model(), 200.0) is tables
    assert bounds(model(), 100.0) is not tables
