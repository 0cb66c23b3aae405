"""Comparisons as the recognizer makes them, of templates as this gallery keeps them."""

from collections.abc import Callable
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from twofold.errors import ModelError
from twofold.fusion.decision import Evidence, Policy
from twofold.fusion.model import FusionModel, restricted
from twofold.fusion.model import load as load_model
from twofold.gallery.settings import Settings
from twofold.recognizer import Comparison, Part, Recognizer
from twofold.recognizer.protection import score as score_protected
from twofold.recognizer.scoring import score
from twofold.recognizer.weighing import weigh
from twofold.template import Template

if TYPE_CHECKING:
    from twofold.gallery.protection import Transform
    from twofold.gallery.search import Candidates, Index


class Comparer:
    """Compares probes, as they were extracted, with references, as they are kept.

    Args:
        recognizer: whose calibrations and policies hold.
        load: reads the key of a revocable gallery's transform.

    Attributes:
        transform: of a revocable gallery; None for any other. `protection` is a subject's.
    """

    def __init__(self, recognizer: Recognizer, load: Callable[[Connection], bytes]) -> None:
        self.recognizer = recognizer
        self.transform: Transform | None = None
        self._load, self._version = load, 0
        self._by_subject = False
        self._latest: tuple[Transform, str, Transform] | None = None
        self._whole: FusionModel | None = None
        self._models: dict[tuple[str | None, ...], FusionModel] = {}

    @property
    def version(self) -> int:
        """Number of the transform; 0 where there is none."""
        return self._version

    def follow(self, connection: Connection, settings: Settings) -> None:
        """Take the transform that holds in this transaction, where another process changed it."""
        if not settings.revocable or settings.transform <= self._version:
            return  # numbers only rise: a reader of an older state must not set it back
        from twofold.gallery.protection import Transform

        self._by_subject = settings.by_subject
        self.transform = Transform(self._load(connection))
        self._version = settings.transform

    def protection(self, name: str) -> "Transform | None":
        """That of a subject's references; None where they are kept as they were extracted."""
        whole = self.transform
        if whole is None or not self._by_subject:
            return whole
        latest = self._latest  # a key's matrix takes milliseconds, and calls for one come together
        if latest is None or latest[0] is not whole or latest[1] != name:
            latest = self._latest = whole, name, whole.for_subject(name)
        return latest[2]

    def model(self, settings: Settings) -> FusionModel:
        """Calibrations for the gallery's contracts.

        A modality that nobody is enrolled with yet is taken to be of the model's own contract.

        Raises:
            ModelError: there are none.
        """
        whole = self._all()
        own = {one.modality: one.contract for one in whole.calibrations}
        contracts = {
            "face": settings.face_contract or own.get("face"),
            "iris": settings.iris_contract or own.get("iris"),
        }
        key = tuple(contracts.values())
        model = self._models.get(key) or restricted(whole, contracts)
        if model is None:
            raise ModelError(
                "there is no calibration for the models of this gallery's templates. Fit one with "
                "`twofold calibrate` and give it as the recognizer's `fusion`."
            )
        return self._models.setdefault(key, model)

    def index_model(self, settings: Settings) -> FusionModel:
        """The same for templates as they are kept."""
        model = self.model(settings)
        return model if self.transform is None else self.transform.model(model)

    def index(self, settings: Settings) -> "Index":
        """A new search index for the gallery's contracts."""
        from twofold.gallery.search import Index

        contracts: list[str | None] = [settings.face_contract, settings.iris_contract]
        if self.transform is not None:
            contracts = [one and self.transform.contract(one) for one in contracts]
        return Index(self.index_model(settings), *contracts)

    def kept(self, template: Template, name: str) -> Template:
        """A template as the gallery keeps it for a subject."""
        own = self.protection(name)
        return template if own is None else own.protect(template)

    def given(self, kept: Template, settings: Settings, name: str) -> Template:
        """A subject's kept template as it was extracted (rounded, where it was protected)."""
        own = self.protection(name)
        if own is None:
            return kept
        contracts = (settings.face_contract, settings.iris_contract)
        return own.unprotect(kept, [one for one in contracts if one])

    def search(
        self, index: "Index", probe: Template, most: int, least: float | None
    ) -> "Candidates":
        """Candidates among the kept references; only those of `least` or more, where given."""
        return index.search(probe, most, least, protection=self.transform)

    def compare(
        self, probe: Template, reference: Template, policy: Policy, name: str
    ) -> Comparison:
        """As `Recognizer.compare`, with the kept references of a subject."""
        return self.recognizer.compare(probe, reference, policy, self.protection(name))

    def weighed(
        self, model: FusionModel, probe: Template, reference: Template
    ) -> tuple[tuple[Part, ...], tuple[Evidence, ...]]:
        """What the two templates say; empty where they have nothing in common."""
        if self.transform is None:
            scores = score(probe, reference)
        else:
            scores = score_protected(probe, reference, self.transform)
        return weigh(model, scores) if scores else ((), ())

    def plain_ratio(self, one: Template, other: Template) -> float | None:
        """Log-likelihood ratio of two templates as they were extracted."""
        return self.recognizer.ratios(one, other).get("fused")

    def kept_ratio(self, one: Template, other: Template, name: str) -> float | None:
        """The same where the second one is kept for a subject."""
        return self.recognizer.ratios(one, other, self.protection(name)).get("fused")

    def _all(self) -> FusionModel:
        if self._whole is None:
            if self.recognizer.fusion is not None:
                self._whole = self.recognizer.fusion
            else:
                with as_file(files("twofold") / "fusion" / "default.json") as path:
                    self._whole = load_model(path)
        return self._whole
