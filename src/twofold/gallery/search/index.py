"""The index of a gallery: who of N subjects is most like a probe."""

import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from twofold.errors import ModelError, OptionError
from twofold.fusion.model import FusionModel, restricted
from twofold.fusion.rules import SumRule
from twofold.gallery.search import snapshot
from twofold.gallery.search.bounds import Bounds, bounds
from twofold.gallery.search.candidates import Candidate, Candidates
from twofold.gallery.search.changing import Undo, all_or_nothing
from twofold.gallery.search.fitting import check_subject, fitted
from twofold.gallery.search.merging import merge, ordered
from twofold.gallery.search.numpy_engine import NumpyEngine
from twofold.gallery.search.prepared import Prepared, prepare
from twofold.gallery.search.rescoring import rescore
from twofold.gallery.search.scan import Engine, Scan, one_by_one, processors
from twofold.gallery.search.segments import ALIVE, Rows, Segment, Shape, View, room
from twofold.iris.comparison import DEFAULT
from twofold.recognizer.protection import Protection
from twofold.template import Template

Engines = Literal["auto", "compiled", "numpy"]
_FEW = 8  # subjects that are scored one by one sooner than prepared for
_WORTH_COMPILING = 512  # subjects
_WORTH_IN_ALL = 1 << 15  # subjects of all searches together; they take as long as loading
_COMPILED = "twofold.gallery.search.compiled_engine"
_WORTH_COMPACTING = 1 << 12  # ended slots


@dataclass(frozen=True, eq=False)
class _State:
    """What a search sees: replaced as a whole, never changed."""

    shape: Shape
    views: tuple[View, ...] = ()
    change: int = 0
    living: int = 0


class Index:
    """Exact 1:N over fused evidence. Safe between threads: a search sees one consistent state.

    Subjects are whole numbers from 0 to 2 ** 63 - 1. Searches neither wait for changes nor hold
    them up; changes wait for one another.

    Args:
        model: calibrations and rule. With any rule but `SumRule` each subject is scored one by one.
        face_contract, iris_contract: of all templates; None: those of the first that has one.
        threads: of one search; None for all processors that this process may run on.
        engine: "compiled" (Numba), "numpy" (no compiler, the same answers, slower), or "auto".

    Attributes:
        position: change number of the store that the snapshot was saved with; 0 without one.
    """

    def __init__(
        self,
        model: FusionModel,
        face_contract: str | None = None,
        iris_contract: str | None = None,
        *,
        threads: int | None = None,
        engine: Engines = "auto",
    ) -> None:
        if engine not in ("auto", "compiled", "numpy"):
            raise OptionError(f"engine {engine!r}: expected auto, compiled or numpy.")
        if threads is not None and threads < 1:
            raise OptionError(f"threads {threads}: must be at least 1.")
        self.model, self.threads, self.engine = model, threads, engine
        self.position = 0
        self._lock = threading.RLock()
        self._segments: list[Segment] = []
        self._state = _State(
            Shape(face_contract=face_contract, iris_contract=iris_contract)
        )  # fmt: skip
        self._weighing: tuple[Shape, FusionModel, Bounds] | None = None
        self._compared = 0

    @classmethod
    def of_rows(cls, model: FusionModel, rows: Rows, shape: Shape, **options: object) -> "Index":
        """An index of arrays as they are; `rows.subjects` must rise, and nothing is checked."""
        index = cls(model, **options)  # type: ignore[arg-type]
        index._segments = [Segment(rows, shape, len(rows))]
        index._publish(shape, 0, len(rows))
        return index

    def __len__(self) -> int:
        return self._state.living

    def __contains__(self, subject: int) -> bool:
        with self._lock:
            return self._find(subject) is not None

    @property
    def face_contract(self) -> str | None:
        """Of the faces; None while there are none."""
        return self._state.shape.face_contract

    @property
    def iris_contract(self) -> str | None:
        """Of the irises; None while there are none."""
        return self._state.shape.iris_contract

    def put(self, subject: int, template: Template) -> None:
        """Add a subject, or replace all references of one.

        Raises:
            ModelError: the template is of other contracts than the index.
            OptionError: the subject is no such number, or the template of another size.
        """
        self.put_many([(subject, template)])

    def put_many(self, items: Iterable[tuple[int, Template]]) -> None:
        """`put` of many: all are seen from one moment on, and none where one is refused."""
        listed = list(items)
        with self._lock:
            state = self._state
            shape = state.shape
            for subject, template in listed:
                check_subject(subject)
                shape = fitted(shape, template)
            change, living = state.change + 1, state.living
            with all_or_nothing(lambda: self._state is not state) as undo:
                for subject, template in listed:
                    living += 1 - self._end(subject, change, undo)
                    tail = self._segments[-1] if self._segments else None
                    if tail is None or not tail.fits(template, shape):
                        tail = room(living, template, shape)
                        self._segments.append(tail)
                    undo.append(tail.undo_append(subject))
                    tail.append(subject, template)
                self._publish(shape, change, living)
            self._tidy()

    def remove(self, subject: int) -> bool:
        """Take a subject out; whether it was there.

        No later search finds it. Its rows leave the memory with `compact`, and a snapshot's file
        when `save` replaces it.
        """
        with self._lock:
            state = self._state
            change = state.change + 1
            with all_or_nothing(lambda: self._state is not state) as undo:
                if not self._end(subject, change, undo):
                    return False
                self._publish(state.shape, change, state.living - 1)
            self._tidy()
        return True

    def compact(self) -> None:
        """Copy what is there into one segment, and let go of what was removed.

        It takes the memory of both for a moment. Searches go on; changes wait.
        """
        with self._lock:
            state = self._state
            rows = merge(ordered(state.views, state.change), state.shape)
            self._segments = [Segment(rows, state.shape, len(rows))] if len(rows) else []
            self._publish(state.shape, state.change, state.living)

    def search(
        self,
        probe: Template,
        top_k: int = 10,
        least: float | None = None,
        protection: Protection | None = None,
    ) -> Candidates:
        """The `top_k` subjects by fused ratio: exactly those that scoring everyone would give.

        Subjects that have nothing in common with the probe are no candidates.

        Args:
            probe: of the index' contracts (with `protection`: of those before it).
            top_k: at least 1.
            least: only ratios of at least this are wanted, which makes the search faster.
            protection: how the references are protected; the index' model must be that of
                protected templates (`Transform.model`).

        Returns:
            Best first, of equal ones the lower id first. Ratios equal those of `Recognizer.ratios`.

        Raises:
            ModelError: the probe is of other contracts, or there is no calibration.
            OptionError: an option is out of range.
        """
        if top_k < 1:
            raise OptionError(f"top_k {top_k}: ask for at least 1 candidate.")
        if least is not None and not least < float("inf"):  # also NaN
            raise OptionError(f"least {least}: expected a log-likelihood ratio.")
        state = self._state
        shape = state.shape
        if protection is not None:
            probe = protection.probe(probe)
        fitted(shape, probe)
        if state.living == 0:
            return ()
        model, tables = self._weighed(shape)
        if not model.calibrations:
            raise ModelError(
                "none of the calibrations given holds for templates of the contract "
                f"{probe.contract[:21]}. Fit one with `twofold calibrate` and give it as the model."
            )

        def score(view: View, slot: int) -> Candidate | None:
            reference = view.rows.template(slot, view.segment.shape)
            subject = int(view.rows.subjects[slot])
            return rescore(model, probe, subject, reference, protection)

        if type(model.rule) is not SumRule or state.living <= _FEW:
            return one_by_one(state.views, state.change, score, top_k, least)
        bits = DEFAULT.reference_bits(shape.layout) if shape.layout else 1.0
        prepared = prepare(probe, tables, shape.dimension, shape.layout, protection)
        engine = self._engine(prepared, tables, bits, state.living)
        workers = self.threads or processors()
        scan = Scan(
            state.views, state.change, engine, prepared, model, tables, bits, score, workers
        )  # fmt: skip
        return scan.run(top_k, least)

    def save(self, path: Path, position: int) -> None:
        """Write a snapshot that `load` maps into memory; all or nothing.

        It holds the templates as they are. Where those must not lie open on a disk, protect them
        or keep the file on an encrypted one. Searches and changes go on meanwhile.

        Args:
            path: of the file; what was there is replaced.
            position: the store's change number that the index is at.

        Raises:
            OutputError: it cannot be written.
        """
        state = self._state
        snapshot.write(Path(path), ordered(state.views, state.change), state.shape, position)

    @classmethod
    def load(
        cls,
        path: Path,
        model: FusionModel,
        *,
        verify: bool = True,
        threads: int | None = None,
        engine: Engines = "auto",
    ) -> "Index":
        """Map a snapshot into memory. The file must stay as it is while the index lives.

        Args:
            path: what `save` wrote.
            model: as for the index.
            verify: compare the digests of all arrays, which reads the whole file once; without it
                only the header's digest and the sizes are checked.
            threads, engine: as for the index.

        Raises:
            ModelError: missing, damaged, no snapshot, or written by a newer version.
        """
        opened = snapshot.read(Path(path), verify, threads or processors())
        index = cls.of_rows(model, opened.rows, opened.shape, threads=threads, engine=engine)
        index.position = opened.position
        return index

    def _engine(self, probe: Prepared, tables: Bounds, bits: float, living: int) -> Engine:
        self._compared += living  # of several threads some may be lost
        worth = living >= _WORTH_COMPILING or self._compared >= _WORTH_IN_ALL
        worth = worth or _COMPILED in sys.modules
        if self.engine == "compiled" or (self.engine == "auto" and worth):
            try:
                from twofold.gallery.search.compiled_engine import CompiledEngine
            except ImportError:
                if self.engine == "compiled":
                    raise
            else:
                return CompiledEngine(probe, tables, bits)
        return NumpyEngine(probe, tables, bits)

    def _weighed(self, shape: Shape) -> tuple[FusionModel, Bounds]:
        """Calibrations of the index' contracts and their bounds, made when first needed."""
        known = self._weighing
        if known is None or known[0] != shape:
            contracts = {"face": shape.face_contract, "iris": shape.iris_contract}
            model = restricted(self.model, contracts) or FusionModel((), self.model.rule)
            bits = DEFAULT.reference_bits(shape.layout) if shape.layout else 1.0
            known = (shape, model, bounds(model, bits))
            self._weighing = known
        return known[1], known[2]

    def _find(self, subject: int) -> tuple[Segment, int] | None:
        for segment in reversed(self._segments):
            slot = segment.find(subject)
            if slot is not None:
                return segment, slot
        return None

    def _end(self, subject: int, change: int, undo: Undo) -> int:
        """Let the slot of a subject end; how many did."""
        found = self._find(subject)
        if found is None:
            return 0
        undo.append(partial(found[0].end, found[1], ALIVE))
        found[0].end(found[1], change)
        return 1

    def _publish(self, shape: Shape, change: int, living: int) -> None:
        views = tuple(View(one, one.used, one.ended) for one in self._segments)
        self._state = _State(shape, views, change, living)

    def _tidy(self) -> None:
        state = self._state
        ended = sum(view.used for view in state.views) - state.living
        if ended >= max(_WORTH_COMPACTING, state.living):
            with suppress(MemoryError):  # the next change tries again
                self.compact()
