"""People who do not exist: faces and irises for the demo, the tests and the documentation.

`people` invents them, `eye` and `iris_texture` fix what stays the same in an eye, `view` draws the
circumstances of a picture and knows its outlines, `eye_camera` and `surround` paint it, `sensor`
blurs it and adds noise, `truth` writes down what is where, and `dataset` writes whole sets.
"""

from twofold.data.synthetic.dataset import (
    KEY,
    MANIFEST,
    MARKER,
    TEST,
    TRAINING,
    Eyes,
    synthesise,
)
from twofold.data.synthetic.people import Person, draw_iris, draw_pair, make_person
from twofold.data.synthetic.view import Light

__all__ = [
    "KEY",
    "MANIFEST",
    "MARKER",
    "TEST",
    "TRAINING",
    "Eyes",
    "Light",
    "Person",
    "draw_iris",
    "draw_pair",
    "make_person",
    "synthesise",
]
