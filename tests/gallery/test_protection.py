"""Templates under a key: scores stay, keys part people, and a new key replaces an old one."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.recognition import made_up_model
from tests.templates import FACE_CONTRACT, IRIS_CONTRACT, iris, template
from twofold.errors import ModelError, OptionError
from twofold.gallery.protection import Transform, chaff, keystream
from twofold.gallery.protection.rotation import rotation
from twofold.iris import kernel
from twofold.iris.code import CodeLayout, IrisCode, unpack
from twofold.iris.comparison import DEFAULT, pack_codes
from twofold.iris.kernel import Matches, match
from twofold.recognizer import Recognizer
from twofold.template import FaceFeature, IrisFeature, Template

BASES = {FACE_CONTRACT, IRIS_CONTRACT}
KEY, OTHER = bytes(range(32)), bytes(32)
SMALL = CodeLayout(angles=32, bands=4, planes=2)
keys = st.binary(min_size=32, max_size=32)


def code(seed: int, layout: CodeLayout = chaff.LAYOUT, seen: float = 0.6) -> IrisCode:
    """A code of nobody: random bits; the mask as the encoder's, without the unused places."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**64, layout.words, np.uint64)
    mask = np.packbits(rng.random(layout.bits) < seen, bitorder="little").view("<u8")
    return IrisCode(layout, bits, mask.astype(np.uint64) & ~chaff.unused(layout))


def noisy(one: IrisCode, seed: int) -> IrisCode:
    """Another picture of that iris: a fifth of the bits differ."""
    rng = np.random.default_rng(seed)
    flips = np.packbits(rng.random(one.layout.bits) < 0.2, bitorder="little").view("<u8")
    return IrisCode(one.layout, one.bits ^ flips.astype(np.uint64), code(seed).mask)


def person(number: int, sample: int = 0) -> Template:
    """A template of nobody; samples of one number are alike."""
    rng = np.random.default_rng((number, sample))
    vector = np.random.default_rng(number).normal(size=128) + 0.5 * rng.normal(size=128)
    vector /= np.linalg.norm(vector)
    return Template(
        (FaceFeature(vector.astype(np.float32), 70.0 + sample),),
        (IrisFeature(noisy(code(number), 1000 * number + sample), 60.0 + sample, "left", "nir"),),
        FACE_CONTRACT,
        IRIS_CONTRACT,
    )


def matched(
    probes: Iterable[IrisCode],
    references: Iterable[IrisCode],
    shifts: Iterable[int],
    transform: Transform | None = None,
    engine: kernel.Engine = "numpy",
) -> Matches:
    through = transform.rotations if transform else None
    left, right = pack_codes(list(probes)), pack_codes(list(references))
    return match(left, right, list(shifts), 2048.0, engine=engine, transform=through)


def stored(codes: Iterable[IrisCode], transform: Transform) -> list[IrisCode]:
    kept = Template((), tuple(IrisFeature(one, 50.0) for one in codes), None, IRIS_CONTRACT)
    return [iris.code for iris in transform.protect(kept).irises]


def cosine(one: Template, other: Template) -> float:
    left, right = (t.faces[0].vector.astype(np.float64) for t in (one, other))
    return float(left @ right)


@settings(max_examples=15, deadline=None)
@given(keys, st.integers(0, 1000), st.sampled_from([2, 3, 16, 128]))
def test_cosines_stay(key: bytes, seed: int, dimension: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(4, dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    faces = tuple(FaceFeature(one.astype(np.float32), 50.0) for one in vectors)
    plain = Template(faces, (), FACE_CONTRACT, None)
    transform = Transform(key)
    sides = [transform.probe(plain), transform.protect(plain)]
    left, right = (np.stack([f.vector for f in t.faces]).astype(np.float64) for t in sides)
    np.testing.assert_allclose(left @ right.T, vectors @ vectors.T, atol=1e-6)
    assert [face.quality for face in sides[0].faces] == [50.0] * 4


@settings(max_examples=10, deadline=None)
@given(keys, st.integers(0, 1000), st.sampled_from([chaff.LAYOUT, SMALL, CodeLayout(64, 1, 1)]))
def test_counts_stay_at_every_rotation(key: bytes, seed: int, layout: CodeLayout) -> None:
    probes, references = ([code(seed + k + far, layout) for k in range(2)] for far in (0, 50))
    transform = Transform(key)
    hidden = stored(references, transform)
    for shift in DEFAULT.shifts(layout):
        before = matched(probes, references, [shift])
        after = matched(probes, hidden, [shift], transform)
        np.testing.assert_array_equal(before.differing, after.differing)
        np.testing.assert_array_equal(before.compared, after.compared)
        np.testing.assert_array_equal(before.scores, after.scores)
    for engine in ("numpy", "compiled"):
        best = matched(probes, references, DEFAULT.shifts(layout), None, engine)
        found = matched(probes, hidden, DEFAULT.shifts(layout), transform, engine)
        for field in ("scores", "differing", "compared", "shifts"):
            np.testing.assert_array_equal(getattr(best, field), getattr(found, field))


def test_places_that_the_encoder_never_uses_are_not_compared() -> None:
    full = np.full(chaff.LAYOUT.words, 2**64 - 1, np.uint64)
    probe, reference = (IrisCode(chaff.LAYOUT, code(seed).bits, full) for seed in (1, 2))
    transform = Transform(KEY)
    found = matched([probe], stored([reference], transform), [3], transform)
    assert found.compared[0, 0] == chaff.LAYOUT.bits - 1360
    used = replace(reference, mask=full & ~chaff.unused(chaff.LAYOUT))
    expected = matched([probe], [used], [3])
    assert found.differing[0, 0] == expected.differing[0, 0]


def masked(seed: int, count: int) -> IrisCode:
    """A code of nobody of whose used places exactly `count` may be compared."""
    used = np.flatnonzero(unpack(~chaff.unused(chaff.LAYOUT), chaff.LAYOUT))
    chosen = np.zeros(chaff.LAYOUT.bits, np.bool_)
    chosen[np.random.default_rng(seed).choice(used, count, replace=False)] = True
    mask = np.packbits(chosen, bitorder="little").view("<u8").astype(np.uint64)
    return replace(code(seed), mask=mask)


@settings(max_examples=30, deadline=None)
@example(KEY, 0, 556)
@example(KEY, 0, chaff.WEIGHT)
@given(keys, st.integers(0, 1000), st.integers(556, chaff.WEIGHT))
def test_every_mask_has_the_same_number_of_bits(key: bytes, seed: int, count: int) -> None:
    one, transform = masked(seed, count), Transform(key)
    (hidden,) = stored([one], transform)
    assert np.bitwise_count(hidden.mask).sum() == chaff.WEIGHT
    kept = Template((), (IrisFeature(hidden, 1.0),), None, transform.contract(IRIS_CONTRACT))
    (back,) = transform.unprotect(kept, BASES).irises
    np.testing.assert_array_equal(back.code.mask, one.mask)
    np.testing.assert_array_equal(back.code.bits, one.bits)


def test_a_poor_mask_gets_all_the_chaff_there_is() -> None:
    (hidden,) = stored([code(1, seen=0.1)], Transform(KEY))
    alone = int(np.bitwise_count(code(1, seen=0.1).mask).sum())
    assert alone < 556 and np.bitwise_count(hidden.mask).sum() == alone + 1360


def test_the_encoder_leaves_the_unused_places_alone() -> None:
    """The rule is written down, so that a template outlives the encoder; it must fit this one."""
    from twofold.iris.encoding import DEFAULT as ENCODING
    from twofold.iris.encoding import encode
    from twofold.iris.unwrapping import ANGLES, BANDS, Strip

    pixels = np.random.default_rng(0).random((BANDS, ANGLES)).astype(np.float32) * 255
    open_eye = encode(
        Strip(pixels, np.ones((BANDS, ANGLES), np.bool_)), replace(ENCODING, fragile=0.0)
    )
    assert open_eye.layout == chaff.LAYOUT
    kept = unpack(open_eye.mask, chaff.LAYOUT)
    spoilt = unpack(chaff.unused(chaff.LAYOUT), chaff.LAYOUT)
    np.testing.assert_array_equal(kept[:, :, 1:-1], ~spoilt[:, :, 1:-1])
    assert spoilt.sum() == 1360 and not chaff.unused(SMALL).any()
    assert 2 * np.ceil(0.7 * (~spoilt).sum() / 2) <= chaff.WEIGHT


def test_a_key_gives_the_same_template_for_ever() -> None:
    """What a gallery holds must be read by every later version."""
    transform, told = Transform(KEY), hashlib.sha256()
    whole = iris(3, layout=chaff.LAYOUT)
    shipped = replace(template().only("iris"), irises=(whole, replace(whole, code=code_by_rule())))
    for one in [*transform.protect(template()).irises, *transform.protect(shipped).irises]:
        told.update(one.code.bits.astype("<u8").tobytes())
        told.update(one.code.mask.astype("<u8").tobytes())
    assert told.hexdigest() == GOLDEN_IRISES
    kept = transform.protect(template())
    np.testing.assert_allclose(kept.faces[0].vector[:4], GOLDEN_FACE, atol=1e-6)
    assert kept.face_contract == GOLDEN_CONTRACT
    assert transform.key_id == GOLDEN_KEY_ID


def code_by_rule() -> IrisCode:
    """A code that gets chaff: every third place may be compared."""
    bits = iris(5, layout=chaff.LAYOUT).code.bits
    mask = np.packbits(np.arange(chaff.LAYOUT.bits) % 3 == 0, bitorder="little").view("<u8")
    return IrisCode(chaff.LAYOUT, bits, mask.astype(np.uint64))


def test_key_stream_is_aes_256_in_counter_mode() -> None:
    """NIST, AESAVS: the zero block under the zero key."""
    assert keystream.words(bytes(32), 2).astype("<u8").tobytes().hex() == (
        "dc95c078a2408989ad48a21492842087"
    )
    assert keystream.derived(KEY, "a") != keystream.derived(KEY, "b")
    assert keystream.derived(KEY, "a", b"x") != keystream.derived(KEY, "a")


def test_drawn_numbers_are_as_named() -> None:
    order = keystream.permutation(KEY, 4096)
    assert sorted(order.tolist()) == list(range(4096))
    numbers = keystream.normals(KEY, 100_000)
    assert abs(numbers.mean()) < 0.02 and abs(numbers.std() - 1) < 0.01
    for dimension in (2, 3, 64):
        turned = rotation(KEY, dimension)
        np.testing.assert_allclose(turned @ turned.T, np.eye(dimension), atol=1e-12)
    with pytest.raises(OptionError, match="too long to be protected"):
        rotation(KEY, 4096)


def test_rotations_are_uniform() -> None:
    """The trace's moments over the orthogonal group are 1 and 3, an entry's fourth 3/24."""
    made = np.stack([rotation(n.to_bytes(32, "little"), 4) for n in range(3000)])
    trace = np.trace(made, axis1=1, axis2=2)
    assert (trace**2).mean() == pytest.approx(1, abs=0.15)
    assert (trace**4).mean() == pytest.approx(3, abs=0.9)
    np.testing.assert_allclose(made.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose((made**4).mean(axis=0), 0.125, atol=0.02)
    assert abs(np.linalg.det(made).mean()) < 0.1


@settings(max_examples=20, deadline=None)
@given(keys, keys)
def test_reissued_is_protected_afresh(key: bytes, new_key: bytes) -> None:
    old, new = Transform(key), Transform(new_key)
    plain = person(3)
    again, afresh = old.reissue(old.protect(plain), new, BASES), new.protect(plain)
    assert again.irises == afresh.irises and again.contract == afresh.contract
    np.testing.assert_allclose(again.faces[0].vector, afresh.faces[0].vector, atol=3e-7)
    assert again.faces[0].quality == afresh.faces[0].quality == 100.0


def test_a_stored_template_goes_back_to_what_it_was() -> None:
    transform = Transform(KEY)
    plain = template()
    back = transform.unprotect(transform.protect(plain), BASES)
    assert [i.code.bits.tolist() for i in back.irises] == [
        i.code.bits.tolist() for i in plain.irises
    ]
    assert [(i.eye, i.light) for i in back.irises] == [(i.eye, i.light) for i in plain.irises]
    assert back.contract == plain.contract
    np.testing.assert_allclose(back.faces[1].vector, plain.faces[1].vector, atol=3e-7)
    assert transform.protect(back).irises == transform.protect(plain).irises


def test_a_template_of_another_key_or_none_is_not_opened() -> None:
    transform = Transform(KEY)
    kept = transform.protect(template())
    for wrong in (template(), Transform(OTHER).protect(template())):
        with pytest.raises(ModelError, match=r"was not protected with the key.*`bases`"):
            transform.unprotect(wrong, BASES)
    with pytest.raises(ModelError, match="not known"):
        transform.reissue(kept, Transform(OTHER))  # of made-up models, none that ships
    with pytest.raises(ModelError, match="not known"):
        transform.unprotect(kept, {FACE_CONTRACT})


def test_shipped_models_need_not_be_named() -> None:
    from twofold.iris.extraction import IrisExtractor

    plain = replace(person(1).only("iris"), iris_contract=IrisExtractor().contract)
    transform = Transform(KEY)
    assert transform.unprotect(transform.protect(plain)).irises[0].code.bits.tolist() == (
        plain.irises[0].code.bits.tolist()
    )


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(fusion=made_up_model(FACE_CONTRACT, IRIS_CONTRACT))


def test_decisions_stay(recognizer: Recognizer) -> None:
    transform = Transform(KEY)
    reference = person(1)
    for probe in (person(1, 1), person(2), person(1, 1).only("face"), person(2).only("iris")):
        kept = transform.protect(reference)
        before = recognizer.compare(probe, replace(reference, irises=kept_quality(reference)))
        after = recognizer.compare(probe, kept, protection=transform)
        assert before.match == after.match and before.llr == pytest.approx(after.llr, abs=1e-5)
        assert before.decision.combination == after.decision.combination
        ratios = recognizer.ratios(probe, kept, transform)
        assert ratios["fused"] == pytest.approx(after.llr)
    with pytest.raises(OptionError, match="nothing can be compared"):
        recognizer.compare(person(1).only("face"), kept.only("iris"), protection=transform)
    assert recognizer.ratios(person(1).only("face"), kept.only("iris"), transform) == {}


def kept_quality(plain: Template) -> tuple[IrisFeature, ...]:
    return tuple(replace(iris, quality=100.0) for iris in plain.irises)


def test_keys_do_not_mix(recognizer: Recognizer) -> None:
    transform, other = Transform(KEY), Transform(OTHER)
    kept, plain = transform.protect(person(1)), person(1)
    for reference in (other.protect(person(1)), plain, transform.for_subject("Ada").protect(plain)):
        with pytest.raises(ModelError, match="not protected with this key"):
            recognizer.compare(plain, reference, protection=transform)
        with pytest.raises(ModelError, match="different models"):
            kept.merged(reference)
    with pytest.raises(ModelError, match="different models"):
        recognizer.compare(plain, kept)
    assert len({transform.contract(FACE_CONTRACT), transform.contract(IRIS_CONTRACT)}) == 2


def test_the_wrong_key_compares_like_strangers() -> None:
    """With contracts forged: a stored template is of no use once its gallery has a new key."""
    old, new = Transform(KEY), Transform(OTHER)
    faces, irises, mated = [], [], []
    for number in range(40):
        leaked, probe = old.protect(person(number)), person(number, 1)
        faces.append(cosine(new.probe(probe), leaked))
        found = matched([probe.irises[0].code], [leaked.irises[0].code], range(-15, 16), new)
        irises.append(float(found.scores[0, 0]))
        reissued = old.reissue(leaked, new, BASES).irises[0].code
        mated.append(matched([probe.irises[0].code], [reissued], [0], new).scores[0, 0])
    assert abs(np.mean(faces)) < 0.05 and np.abs(faces).max() < 0.4
    assert 0.5 < np.mean(irises) < 0.56 and max(irises) < 0.57 < min(mated)


def test_two_galleries_show_one_person_as_two() -> None:
    from twofold.gallery.protection.unlinkability import linkability

    people = [person(number).only("face") for number in range(30)]
    pairs = []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        one, other = (
            [transform.protect(each) for each in people]
            for transform in (Transform(rng.bytes(32)), Transform(rng.bytes(32)))
        )
        left, right = (np.stack([t.faces[0].vector for t in side]) for side in (one, other))
        pairs.append(left @ right.T)
        assert {t.faces[0].quality for t in one} == {100.0}
    table, mated = np.stack(pairs), np.eye(30, dtype=np.bool_)
    found = linkability(table[:, mated], table[:, ~mated])
    assert found.overall < found.chance + 0.06 < 0.25
    plain = np.stack([t.faces[0].vector for t in people])
    unprotected = (plain @ plain.T)[None].repeat(15, axis=0)
    assert linkability(unprotected[:, mated], unprotected[:, ~mated]).overall > 0.9


@pytest.mark.parametrize("name", ["", "Ada", "Ada ", "ada", "Łukasz", "李", "\ud800", "x" * 10_000])
def test_each_subject_has_a_key_of_its_own(name: str) -> None:
    transform = Transform(KEY)
    own = transform.for_subject(name)
    assert own.key_id == Transform(KEY).for_subject(name).key_id != transform.key_id
    assert own.key_id not in {transform.for_subject(f"{name}'").key_id, Transform(OTHER).key_id}
    probe, kept = own.probe(person(1, 1)), own.protect(person(1))
    assert cosine(probe, kept) == pytest.approx(cosine(person(1, 1), person(1)), abs=1e-6)
    assert abs(cosine(transform.probe(person(1)), kept)) < 0.4


def test_the_model_holds_for_protected_templates(recognizer: Recognizer) -> None:
    transform = Transform(KEY)
    model = made_up_model(FACE_CONTRACT, IRIS_CONTRACT)
    moved = transform.model(model)
    assert {one.contract for one in moved.calibrations} == {
        transform.contract(FACE_CONTRACT),
        transform.contract(IRIS_CONTRACT),
    }
    assert moved.thresholds == model.thresholds and moved.rule == model.rule


def test_the_binary_form_is_read_again() -> None:
    kept = Transform(KEY).protect(template())
    assert Template.from_bytes(kept.to_bytes()) == kept
    small = Template.from_bytes(kept.to_bytes("int8"))
    assert small.irises == kept.irises and small.contract == kept.contract


def test_notes_and_failures_are_left_out() -> None:
    told = replace(template(), notes=("/home/ada/face.png: a second face",))
    assert Transform(KEY).protect(told).notes == ()


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), "x" * 32, None, bytearray(32)])
def test_a_key_has_32_bytes(key: object) -> None:
    with pytest.raises(OptionError, match=r"has 32 bytes.*token_bytes") as refused:
        Transform(key)  # type: ignore[arg-type]
    assert "x" * 32 not in str(refused.value)


@settings(max_examples=50, deadline=None)
@given(keys)
def test_the_key_is_never_shown(key: bytes) -> None:
    transform = Transform(key)
    transform.protect(template())
    for text in (repr(transform), str(transform), transform.key_id):
        assert key.hex() not in text and repr(key)[2:-1] not in text
    assert len(transform.key_id) == 64


def test_threads_share_a_transform() -> None:
    transform = Transform(KEY)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(transform.protect, [person(1)] * 32))
    assert all(one == made[0] for one in made) and made[0] == Transform(KEY).protect(person(1))


GOLDEN_IRISES = "9666db83929759c1fca297b4b48b563bf6b240cd5be34a37e337c953cab28cae"
GOLDEN_FACE = [-0.06542914, 0.11706866, 0.12706219, -0.09075004]
GOLDEN_CONTRACT = "c20b5a106b8a8f3ef35ffd7ee1a94545c2669d76c4db072811c855c2741643e5"
GOLDEN_KEY_ID = "0b1921efe4fa3eb45f46cd98c90f8802691a5c03d304c38b95b4141c7bcd2299"
