"""From pictures to a decision in two calls: `extract` and `compare`."""

from twofold.recognizer.errors import ExtractionError
from twofold.recognizer.recognizer import Recognizer
from twofold.recognizer.scoring import Scored
from twofold.recognizer.sources import Person
from twofold.recognizer.weighing import Comparison, Part

__all__ = ["Comparison", "ExtractionError", "Part", "Person", "Recognizer", "Scored"]
