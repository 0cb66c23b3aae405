"""`python -m benchmarks.synthetic_iris`: what drawing and telling synthetic irises takes, as JSON.

Processor time of one thread for one picture of 640 x 480, wall time of a dataset of such pictures,
and how alike the unwrapped irises (between their true outlines) of one eye and of two eyes are.
"""

import argparse
import json
import platform
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from twofold.data.synthetic import Light, draw_iris, make_person, synthesise
from twofold.data.synthetic.eye_camera import draw_eye
from twofold.data.synthetic.view import Outlines, draw_view

SIZE = (480, 640)


def drawing_time(light: Light, pictures: int = 30) -> dict[str, float]:
    """Median processor seconds for a picture, and for inventing an eye."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    start = time.process_time()
    eyes = [make_person(1, subject).left for subject in range(3)]
    eye_s = (time.process_time() - start) / len(eyes)
    seconds = []
    for number in range(pictures):
        eye = eyes[number % 3]
        start = time.process_time()
        draw_eye(eye, draw_view(np.random.default_rng(number), eye, light), SIZE)
        seconds.append(time.process_time() - start)
    cv2.setNumThreads(threads)
    return {
        "picture_median_s": float(np.median(seconds)),
        "picture_largest_s": max(seconds),
        "eye_s": eye_s,
    }


def writing_time(subjects: int, samples: int) -> dict[str, float]:
    """Wall seconds for a dataset with 640 x 480 irises."""
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        synthesise(Path(folder), subjects, samples, 0, iris_size=SIZE)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.png"))
    return {"pairs": subjects * samples, "seconds": seconds, "png_mib": size / 2**20}


def likeness(light: Light, subjects: int = 12, samples: int = 4) -> dict[str, Any]:
    """Correlation of unwrapped irises, mated and non-mated; both eyes of each person."""
    sheets, eyes = [], []
    for subject in range(subjects):
        person = make_person(1, subject)
        for side in ("left", "right"):
            for sample in range(samples):
                picture, view, _ = draw_iris(
                    person, 1, subject, sample, side=side, size=SIZE, light=light
                )
                sheets.append(unwrap(picture, Outlines(person.eye(side), view, SIZE)))
                eyes.append(2 * subject + (side == "right"))
    alike = np.array(sheets) @ np.array(sheets).T / len(sheets[0])
    same = np.equal.outer(eyes, eyes)
    parts = {"mated": alike[same & ~np.eye(len(eyes), dtype=bool)], "non_mated": alike[~same]}
    return {
        name: {
            "comparisons": len(part) // 2,
            "mean": float(part.mean()),
            "deviation": float(part.std()),
            "lowest": float(part.min()),
            "highest": float(part.max()),
        }
        for name, part in parts.items()
    }


def unwrap(picture: np.ndarray, outlines: Outlines) -> np.ndarray:
    """Linear rubber sheet beside the lids, without what all irises share; mean 0, variance 1."""
    grey = picture if picture.ndim == 2 else picture[..., 0]
    share = np.linspace(0.1, 0.75, 24)[:, None, None]
    points = ((1 - share) * outlines.pupil() + share * outlines.limbus()).astype(np.float32)
    sheet = cv2.remap(grey, points[..., 0], points[..., 1], cv2.INTER_LINEAR).astype(np.float32)
    sheet = sheet[:, np.r_[0:30, 60:120, 150:180]]
    fine = cv2.GaussianBlur(sheet, (0, 0), 0.8) - cv2.GaussianBlur(sheet, (0, 0), 6)
    fine -= fine.mean(axis=1, keepdims=True)
    fine = np.clip(fine, -3 * fine.std(), 3 * fine.std())
    return ((fine - fine.mean()) / fine.std()).ravel()


def main() -> None:
    """Print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=64)
    parser.add_argument("--samples", type=int, default=5)
    given = parser.parse_args()
    lights: tuple[Light, Light] = ("visible", "nir")
    results: dict[str, Any] = {
        "machine": platform.platform(),
        "synthetic": True,
        "drawing": {light: drawing_time(light) for light in lights},
        "likeness": {light: likeness(light) for light in lights},
        "writing": writing_time(given.subjects, given.samples),
    }
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
