"""What a template accepts, and what it says of itself."""

import dataclasses

import numpy as np
import pytest

from tests import templates
from twofold.errors import ModelError, OptionError
from twofold.iris.code import CodeLayout, IrisCode
from twofold.template import FaceFeature, Failure, IrisFeature, Template


def test_templates_are_values() -> None:
    one, same = templates.template(), templates.template()
    assert one == same and hash(one) == hash(same)
    assert one != templates.template(faces=1)
    assert one != dataclasses.replace(one, face_contract="00" * 32)
    told = dataclasses.replace(one, failures=(Failure("face", 0, "no_face", "x"),), notes=("y",))
    assert told == one, "how it was made is no part of what it is"
    assert one.modalities == ("face", "iris")
    assert one.contract == f"face:{'fa' * 32} iris:{'1e' * 32}"


def test_features_do_not_change_behind_ones_back() -> None:
    vector = templates.face().vector.copy()
    feature = FaceFeature(vector, 50)
    vector[0] = 9
    assert feature == FaceFeature(templates.face().vector, 50)
    with pytest.raises(ValueError, match="read-only"):
        feature.vector[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        templates.iris().code.mask[0] = 1


def test_each_part_of_a_feature_counts() -> None:
    code = templates.iris().code
    one = IrisFeature(code, 60, "left", "nir")
    others = [
        IrisFeature(code, 61, "left", "nir"),
        IrisFeature(code, 60, "right", "nir"),
        IrisFeature(code, 60, "left", None),
        IrisFeature(IrisCode(code.layout, code.bits, ~code.mask), 60, "left", "nir"),
        IrisFeature(IrisCode(code.layout, ~code.bits, code.mask), 60, "left", "nir"),
    ]
    assert one == IrisFeature(code, 60, "left", "nir")
    assert len({one, *others}) == 6


@pytest.mark.parametrize(
    ("vector", "quality", "told"),
    [
        (np.ones(8, np.float32), 50, "length 2.82"),
        (np.full(8, np.nan, np.float32), 50, "length nan"),
        (np.full(8, np.inf, np.float32), 50, "length inf"),
        (np.full(8, 3e38, np.float32), 50, "expected 1"),
        (np.array([1], np.float32), 50, "1 numbers; expected 2 to 8192"),
        (np.eye(2, dtype=np.float32), 50, r"float32 \(2, 2\)"),
        (np.array([1, 0], np.float64), 50, "float64"),
        (np.array([1, 0], np.float32), float("nan"), "quality nan: expected 0 to 100"),
        (np.array([1, 0], np.float32), -1, "quality -1"),
        (np.array([1, 0], np.float32), 100.1, "quality 100.1"),
    ],
)
def test_no_face_feature_of_something_else(vector, quality, told) -> None:
    with pytest.raises(OptionError, match=told):
        FaceFeature(vector, quality)


def test_no_iris_feature_of_something_else() -> None:
    good = templates.iris().code
    short = good.bits[:-1]
    for code, told in [
        (IrisCode(good.layout, short, good.mask), "3 and 4 words"),
        (IrisCode(good.layout, good.bits, short), "4 and 3 words"),
        (IrisCode(good.layout, good.bits.astype(np.int64), good.mask), "int64"),
        (IrisCode(CodeLayout(3, 3, 3), good.bits, good.mask), "3 x 3 x 3 bits"),
        (IrisCode(CodeLayout(0, 4, 2), good.bits[:0], good.mask[:0]), "0 x 4 x 2"),
        (IrisCode(CodeLayout(1024, 64, 2), good.bits, good.mask), "65536 at most"),
    ]:
        with pytest.raises(OptionError, match=told):
            IrisFeature(code, 50)
    with pytest.raises(OptionError, match="eye 'both'"):
        IrisFeature(good, 50, "both")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="light 'uv'"):
        IrisFeature(good, 50, None, "uv")  # type: ignore[arg-type]


def test_no_template_whose_parts_do_not_fit() -> None:
    face, iris = templates.face(), templates.iris()
    contract = templates.FACE_CONTRACT
    for parts, told in [
        (((), (), None, None), "a template of nothing"),
        (((face,), (), None, None), r"1 face sample\(s\) and the face contract None"),
        (((), (iris,), contract, contract), r"0 face sample\(s\) and the face contract 'fa"),
        (((face,), (), "FA" * 32, None), "64 hexadecimal digits"),
        (((face,), (), "fa", None), "64 hexadecimal digits"),
        (((face, templates.face(dimension=8)), (), contract, None), "several lengths"),
        (((face,) * 256, (), contract, None), "256 face samples"),
        (
            ((), (iris, templates.iris(layout=CodeLayout(64, 4, 2))), None, contract),
            "several layouts",
        ),
    ]:
        with pytest.raises(OptionError, match=told):
            Template(*parts)


def test_merging_keeps_all_and_refuses_other_models() -> None:
    faces, irises = templates.template(irises=0), templates.template(faces=0)
    both = faces.merged(irises)
    assert both == templates.template()
    assert both.only("face") == faces and both.only("iris") == irises
    assert len(both.merged(both).faces) == 4
    with pytest.raises(OptionError, match="nothing"):
        faces.only("iris")
    for other in (
        dataclasses.replace(both, face_contract="00" * 32),
        dataclasses.replace(both, iris_contract="00" * 32),
    ):
        with pytest.raises(ModelError, match=r"different models.*Extract both with one"):
            both.merged(other)
    many = Template((templates.face(),) * 200, (), templates.FACE_CONTRACT)
    with pytest.raises(OptionError, match="400 face samples"):
        many.merged(many)
