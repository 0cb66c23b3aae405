"""Answers of a finished run to pairs of pictures, with ONNX Runtime alone."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Pair
from twofold.data.loading import MODALITIES, InputSize, PairImages
from twofold.errors import ModelError
from twofold.inference import onnx_runtime
from twofold.network.run import BRANCHES, Predictions, RunFolder


class Answerer:
    """The final network of a run.

    Args:
        run: a finished run.
        threads: of ONNX Runtime; 0 lets it use every core.

    Raises:
        ModelError: the run is unfinished, or its model was altered since.
    """

    def __init__(self, run: RunFolder, threads: int = 0) -> None:
        run.require_complete()
        card = run.read_json(run.model_card)
        self.labels = run.read_labels()
        try:
            self.sizes = {m: InputSize(**card["inputs"][m]) for m in MODALITIES}
            expected = {run.labels: card["labels_sha256"], run.onnx_model: card["onnx_sha256"]}
        except (KeyError, TypeError) as error:
            raise ModelError(
                f"{run.model_card}: not a model card of this version ({error}). "
                "Train the run again."
            ) from error
        content = {path: _unaltered(path, digest) for path, digest in expected.items()}
        onnxruntime = onnx_runtime()
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            content[run.onnx_model], settings, providers=["CPUExecutionProvider"]
        )

    def __call__(
        self,
        pairs: Sequence[Pair],
        batch_size: int = 32,
        progress: Callable[[int, int], None] | None = None,
    ) -> Predictions:
        """Probabilities of every subject for every pair.

        Args:
            pairs: labelled or not; a subject that the run does not know counts as unknown.
            batch_size: pairs asked at a time; bounds the memory.
            progress: called with (pairs done, pairs in all).

        Raises:
            ImageError: a picture cannot be read.
        """
        column = {label: place for place, label in enumerate(self.labels)}
        outputs = {branch: f"{branch}_probabilities" for branch in BRANCHES}
        said = self._ask(pairs, list(outputs.values()), batch_size, progress)
        return Predictions(
            names=tuple(pair.name for pair in pairs),
            truth=np.array([column.get(p.subject or "", -1) for p in pairs], dtype=np.int64),
            labels=self.labels,
            **{branch: said[output] for branch, output in outputs.items()},
        )

    def features(
        self,
        pairs: Sequence[Pair],
        batch_size: int = 32,
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.float32]:
        """The fused embedding of every pair: its 128 face and its 128 iris features.

        Each half is brought to the same length, so that the cosine of two embeddings is the mean of
        the two halves' cosines.

        Args:
            pairs, batch_size, progress: as for a call.

        Returns:
            float32 (n, 256), unit length.

        Raises:
            ImageError: a picture cannot be read.
        """
        outputs = [f"{modality}_features" for modality in MODALITIES]
        said = self._ask(pairs, outputs, batch_size, progress)
        halves = []
        for output in outputs:
            length = np.linalg.norm(said[output], axis=1, keepdims=True)
            halves.append(said[output] / np.maximum(length, 1e-12))
        return np.asarray(np.concatenate(halves, axis=1) / np.sqrt(2), dtype=np.float32)

    def _ask(
        self,
        pairs: Sequence[Pair],
        outputs: Sequence[str],
        batch_size: int,
        progress: Callable[[int, int], None] | None,
    ) -> dict[str, NDArray[np.float32]]:
        images = PairImages(pairs, self.sizes, cache_bytes=0)
        found: dict[str, list[NDArray[np.float32]]] = {output: [] for output in outputs}
        for start in range(0, len(pairs), batch_size):
            chosen = range(start, min(start + batch_size, len(pairs)))
            batch = {name: x.astype(np.float32) for name, x in images.batch(chosen).items()}
            for output, rows in zip(outputs, self._session.run(outputs, batch), strict=True):
                found[output].append(rows)
            if progress is not None:
                progress(chosen.stop, len(pairs))
        return {output: np.concatenate(rows) for output, rows in found.items()}


def _unaltered(path: Path, expected: str) -> bytes:
    """Content of a file of the run, checked against the digest in its model card."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}. Train the run again.") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != expected:
        raise ModelError(
            f"{path}: altered since it was trained (SHA-256 {digest}, expected {expected}). "
            "Restore it, or train the run again."
        )
    return content
