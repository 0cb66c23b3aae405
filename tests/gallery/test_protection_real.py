"""Real faces and irises under a key: the same scores, and no link between keys."""

from pathlib import Path

import numpy as np

from tests.gallery.test_protection import KEY, OTHER, cosine, matched
from twofold.errors import TwofoldError
from twofold.gallery.protection import Transform, chaff
from twofold.iris.comparison import DEFAULT
from twofold.recognizer import Person, Recognizer
from twofold.template import Template


def extracted(people: list[Person]) -> list[Template]:
    found: list[Template | TwofoldError] = Recognizer().extract_many(people, workers=1)
    assert all(isinstance(one, Template) for one in found)
    return [one for one in found if isinstance(one, Template)]


def test_faces(real_data: Path) -> None:
    people = extracted(
        [Person(face=real_data / f"orl/s{s}/{k}.png") for s in (1, 2, 3) for k in (1, 2)]
    )
    transform, recognizer = Transform(KEY), Recognizer()
    for row, probe in enumerate(people):
        for column, reference in enumerate(people):
            kept = transform.protect(reference)
            plain = cosine(probe, reference)
            assert abs(cosine(transform.probe(probe), kept) - plain) < 1e-6
            found = recognizer.compare(probe, kept, protection=transform)
            assert found.match == (row // 2 == column // 2)
            assert abs(cosine(Transform(OTHER).protect(probe), kept)) < 0.39


def test_irises(real_data: Path) -> None:
    """Scores move where a mask reaches the last band only, and hardly there."""
    pictures = [
        picture
        for person in ("1", "3", "5")
        for picture in sorted((real_data / "mmu1" / person / "left").glob("*.png"))[:2]
    ]
    people = extracted([Person(iris=picture, light="nir") for picture in pictures])
    assert len(people) == 6
    transform = Transform(KEY)
    kept = [transform.protect(one) for one in people]
    codes, hidden = ([one.irises[0].code for one in side] for side in (people, kept))
    assert {int(np.bitwise_count(code.mask).sum()) for code in hidden} == {chaff.WEIGHT}
    shifts = DEFAULT.shifts(chaff.LAYOUT)
    before, after = matched(codes, codes, shifts), matched(codes, hidden, shifts, transform)
    assert np.abs(before.scores - after.scores).max() < 0.005
    mated = np.kron(np.eye(3), np.ones((2, 2))).astype(np.bool_)
    assert (after.scores[mated] > 0.64).all() and (after.scores[~mated] < 0.64).all()
    wrong = matched(codes, hidden, shifts, Transform(OTHER))
    assert wrong.scores.max() < 0.6
    for one, stored in zip(people, kept, strict=True):
        back = transform.unprotect(stored).irises[0].code
        unused = chaff.unused(chaff.LAYOUT)
        np.testing.assert_array_equal(back.bits, one.irises[0].code.bits)
        np.testing.assert_array_equal(back.mask, one.irises[0].code.mask & ~unused)
