"""Whether a template fits an index, told before anything is changed."""

from dataclasses import replace

import numpy as np

from twofold.errors import ModelError, OptionError
from twofold.gallery.search.segments import Shape
from twofold.template import Template


def check_subject(subject: int) -> None:
    """Refuse what is no id.

    Raises:
        OptionError: not a whole number from 0 to 2 ** 63 - 1.
    """
    whole = isinstance(subject, (int, np.integer)) and not isinstance(subject, bool)
    if not whole or not 0 <= subject < 1 << 63:
        raise OptionError(f"subject {subject}: expected a whole number from 0 to 2**63 - 1.")


def fitted(shape: Shape, template: Template) -> Shape:
    """The shape with what a template adds to it.

    Raises:
        ModelError: contracts differ.
        OptionError: sizes differ.
    """
    for name, mine, other in (
        ("face", shape.face_contract, template.face_contract),
        ("iris", shape.iris_contract, template.iris_contract),
    ):
        if mine is not None and other is not None and mine != other:
            raise ModelError(
                f"the {name} samples come from another model (contract {other[:16]}) than those of "
                f"the index ({mine[:16]}), whose results cannot be compared. Extract both with one."
            )
    if template.faces:
        size = template.faces[0].vector.size
        if shape.dimension not in (None, size):
            raise OptionError(
                f"face vectors of {size} numbers; those of the index have {shape.dimension}. "
                "Extract both with one model."
            )
        shape = replace(shape, dimension=size, face_contract=template.face_contract)
    if template.irises:
        layout = template.irises[0].code.layout
        if shape.layout not in (None, layout):
            raise OptionError(
                f"iris codes of the layout {layout}; those of the index have {shape.layout}. "
                "Extract both with one model."
            )
        shape = replace(shape, layout=layout, iris_contract=template.iris_contract)
    return shape
