"""People for the load on the service: pictures of real sizes, all of which yield a template.

Synthetic people have a rendered face of 368 x 448 pixels and a near-infrared iris of 640 x 480.
Real ones come from a folder of labelled pairs. Whose pictures are refused, or whose probes do not
match, is left out before anything is measured, so that every request does the same work.
"""

import io
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from twofold.data.layouts import read_dataset
from twofold.data.rendered_faces import RENDERED_SUBJECTS, rendered_face
from twofold.data.synthetic import draw_iris, make_person
from twofold.images import Limits, Pixels
from twofold.recognizer import Recognizer
from twofold.recognizer.recognizer import Purpose
from twofold.service import worker
from twofold.service.samples import Given
from twofold.template import Light, Template

SEED = 8
MODEL = "sface"
PROBES = 2
LIMITS = Limits(10 * 2**20, 25_000_000)
BOUNDARY = "twofold-benchmark-0123456789"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
_FACE_SIZE = (368, 448)  # width, height
_IRIS_SIZE = (480, 640)  # height, width


@dataclass(frozen=True)
class Shot:
    """One face and one iris taken together, as encoded files."""

    face: bytes
    iris: bytes
    light: Light

    @property
    def given(self) -> list[Given]:
        """As a worker takes them."""
        return [Given("face", 0, self.face), Given("iris", 0, self.iris, self.light)]

    def form(self, subject: str) -> bytes:
        """The body of a request: multipart/form-data."""
        text = {"subject": subject, "light": self.light}
        parts = [(f'name="{name}"', value.encode()) for name, value in text.items()]
        parts += [
            (f'name="{name}"; filename="{name}"\r\nContent-Type: image/png', content)
            for name, content in (("face", self.face), ("iris", self.iris))
        ]
        made = io.BytesIO()
        for head, content in parts:
            made.write(f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode())
            made.write(content + b"\r\n")
        made.write(f"--{BOUNDARY}--\r\n".encode())
        return made.getvalue()


@dataclass(frozen=True)
class Person:
    """A subject: the pictures to enrol, and probes to verify it with."""

    name: str
    reference: Shot
    probes: tuple[Shot, ...]

    @cached_property
    def forms(self) -> list[bytes]:
        """Bodies of verifications."""
        return [one.form(self.name) for one in self.probes]


def people(count: int, processes: int, data: Path | None = None) -> list[Person]:
    """So many people whose pictures are good, drawn and judged in several processes.

    Raises:
        SystemExit: there are not so many.
    """
    with ProcessPoolExecutor(
        processes, get_context("spawn"), worker.begin, (MODEL, LIMITS)
    ) as pool:
        if data is not None:
            candidates: Iterable[Person] = _real(data)
            judged = pool.map(_good, candidates)
        else:
            judged = pool.map(_synthetic, range(count + count // 2 + 8))
        found = list(islice((one for one in judged if one is not None), count))
        pool.shutdown(cancel_futures=True)
    if len(found) < count:
        raise SystemExit(
            f"only {len(found)} people have good pictures. Give --subjects {len(found)}."
        )
    return found


def _synthetic(number: int) -> Person | None:
    shots = []
    for sample in range(1 + PROBES):
        small = rendered_face(number % RENDERED_SUBJECTS, sample)
        face = cv2.resize(small, _FACE_SIZE, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        eye = draw_iris(
            make_person(SEED, number), SEED, number, sample, size=_IRIS_SIZE, light="nir"
        )[0]
        shots.append(Shot(_png(face), _png(eye), "nir"))
    return _good(Person(f"subject-{number}", shots[0], tuple(shots[1:])))


def _real(folder: Path) -> Iterator[Person]:
    """People of a folder of labelled pairs; their irises are taken for visible light."""
    pairs: dict[str, list[Shot]] = {}
    for one in read_dataset(folder).pairs:
        shot = Shot(one.face.read_bytes(), one.iris.read_bytes(), "visible")
        pairs.setdefault(str(one.subject), []).append(shot)
    for name, shots in pairs.items():
        if len(shots) > 1:
            yield Person(f"subject-{name}", shots[0], tuple(shots[1:]))


def _good(person: Person) -> Person | None:
    """The person with those probes that match the reference; None where there is none."""
    reference = _template(person.reference, "enrol")
    if reference is None:
        return None
    recognizer = Recognizer(MODEL)
    probes = []
    for shot in person.probes:
        template = _template(shot, "probe")
        if template is not None and recognizer.compare(template, reference).match:
            probes.append(shot)
    return Person(person.name, person.reference, tuple(probes)) if probes else None


def _template(shot: Shot, purpose: Purpose) -> Template | None:
    made = worker.extract(shot.given, purpose)
    if made.template is None or made.refusals:
        return None
    return Template.from_bytes(made.template)


def _png(pixels: Pixels) -> bytes:
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "PNG")
    return made.getvalue()
