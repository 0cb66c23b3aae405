"""Revocable templates: a template changed with a key, so that it can be replaced when it leaks.

ISO/IEC 24745 asks three things of a protected template. *Renewable*: another key gives another
template of the same sample. *Unlinkable*: templates under two keys do not tell that they are of
one person. *Irreversible*: without the key it does not give the unprotected one away.
docs/protection.md measures each, and says where it ends.

```python
transform = Transform(key)  # 32 secret bytes, kept apart from the templates
reference = transform.protect(enrolled)
recognizer.compare(probe, reference, protection=transform)
```

Scores are kept: a face's cosines (`rotation`), an iris' counts at every rotation (`scrambling`,
`chaff`). The quality of a reference is not, as it tells references apart: every one has 100, and
that of the probe decides how a score is weighed.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from twofold.errors import ModelError, OptionError
from twofold.fusion.model import FusionModel
from twofold.gallery.protection import keystream
from twofold.gallery.protection.rotation import Rotation, rotation, turn, turn_back
from twofold.gallery.protection.scrambling import Scrambling, scrambling
from twofold.iris.code import CodeLayout, Words
from twofold.template import FaceFeature, Template

QUALITY = 100.0  # of every protected reference


@dataclass(frozen=True, eq=False)
class Transform:
    """A keyed change of templates; what `Recognizer.compare` asks for as `protection`.

    Immutable, safe between threads. Make it once and keep it: its matrix takes milliseconds.

    Args:
        key: 32 bytes, secret and random (`secrets.token_bytes(32)`). Whoever has it can undo the
            change, so it is kept apart from the templates.

    Raises:
        OptionError: the key is not 32 bytes long.
    """

    key: bytes = field(repr=False)
    _made: dict[object, object] = field(default_factory=dict, repr=False, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.key, bytes) or len(self.key) != keystream.KEY_BYTES:
            raise OptionError(
                f"a key of a transform has {keystream.KEY_BYTES} bytes. Make one with "
                "secrets.token_bytes(32)."
            )

    def __repr__(self) -> str:
        return f"Transform(key_id={self.key_id[:16]!r})"

    @cached_property
    def key_id(self) -> str:
        """64 hex digits that name the key and tell nothing of it."""
        return keystream.derived(self.key, "identifier").hex()

    def for_subject(self, subject: str) -> "Transform":
        """The transform of one subject, for verification (1:1).

        Its templates compare with nobody else's, not even within the gallery.

        Args:
            subject: the name, of any length; taken exactly as it is.
        """
        return Transform(
            keystream.derived(self.key, "subject", subject.encode("utf-8", "surrogatepass"))
        )

    def contract(self, base: str) -> str:
        """The contract of protected samples: 64 hex digits of their base contract and the key.

        So templates under different keys, or unprotected ones, are refused where they meet.
        """
        told = f"twofold protected template 1\n{base}\n{self.key_id}\n"
        return hashlib.sha256(told.encode()).hexdigest()

    def protect(self, template: Template) -> Template:
        """The protected form, to be stored and compared with; shapes, eyes and lights stay.

        Every quality becomes 100. Failures and notes, which may name files, are left out. Bits in
        the third of an iris code that Twofold's encoder never uses are not compared any more.

        Args:
            template: unprotected, of any contracts.

        Raises:
            OptionError: its face vectors are too long (2,048 numbers).
        """
        return Template(
            tuple(replace(self._turned(face), quality=QUALITY) for face in template.faces),
            tuple(
                replace(
                    iris,
                    code=self._scrambling(iris.code.layout).reference(iris.code),
                    quality=QUALITY,
                )
                for iris in template.irises
            ),
            self._renamed(template.face_contract),
            self._renamed(template.iris_contract),
        )

    def probe(self, template: Template) -> Template:
        """A probe for comparison with protected references: all but its irises protected.

        Their rotations come first, and `rotations` protects each. `Recognizer.compare` and the
        index call both; alone, a template of this form is no good.

        Args:
            template: unprotected.

        Raises:
            OptionError: its face vectors are too long.
        """
        return replace(
            template,
            faces=tuple(self._turned(face) for face in template.faces),
            face_contract=self._renamed(template.face_contract),
            iris_contract=self._renamed(template.iris_contract),
        )

    def rotations(self, layout: CodeLayout, rolled: Words) -> Words:
        """The rotations of probes' iris codes, protected.

        Args:
            layout: of the codes.
            rolled: uint64 array (P, S, 2, words): bits and mask at each shift.

        Returns:
            The same shape.
        """
        return self._scrambling(layout).probe(rolled)

    def unprotect(self, template: Template, bases: Collection[str] | None = None) -> Template:
        """What `protect` was given, but for quality, and the rounding of face vectors (1e-7).

        Args:
            template: protected with this key.
            bases: contracts that its samples may have had; None for those of the models that come
                with Twofold.

        Raises:
            ModelError: protected with another key, not at all, or of a contract not among `bases`.
        """
        known = {self.contract(one): one for one in (_shipped() if bases is None else bases)}
        faces = tuple(
            FaceFeature(turn_back(one.vector, self._rotation(one.vector.size)), one.quality)
            for one in template.faces
        )
        irises = tuple(
            replace(one, code=self._scrambling(one.code.layout).undone(one.code))
            for one in template.irises
        )
        return Template(
            faces,
            irises,
            self._named_back(template.face_contract, known),
            self._named_back(template.iris_contract, known),
        )

    def reissue(
        self, template: Template, new: "Transform", bases: Collection[str] | None = None
    ) -> Template:
        """A stored template under another key, without the person: needs both keys.

        It is what `new.protect` gives, but for the rounding of face vectors (1e-7).

        Args:
            template: protected with this key.
            new: the transform that replaces this one.
            bases: as for `unprotect`.

        Raises:
            ModelError: as `unprotect`.
        """
        return new.protect(self.unprotect(template, bases))

    def model(self, model: FusionModel) -> FusionModel:
        """Calibrations and thresholds for protected templates: the same, as scores are kept."""
        kept = [replace(one, contract=self.contract(one.contract)) for one in model.calibrations]
        return replace(model, calibrations=tuple(kept))

    def _turned(self, face: FaceFeature) -> FaceFeature:
        return FaceFeature(turn(face.vector, self._rotation(face.vector.size)), face.quality)

    def _renamed(self, contract: str | None) -> str | None:
        return None if contract is None else self.contract(contract)

    def _named_back(self, contract: str | None, known: dict[str, str]) -> str | None:
        if contract is None:
            return None
        if contract not in known:
            raise ModelError(
                f"a template of the contract {contract[:16]} was not protected with the key "
                f"{self.key_id[:16]}, or comes from a model that is not known. Use the key it was "
                "protected with, and give the model's contract in `bases`."
            )
        return known[contract]

    def _rotation(self, dimension: int) -> Rotation:
        made = self._made.get(dimension)
        if made is None:
            key = keystream.derived(self.key, "faces", str(dimension).encode())
            made = self._made.setdefault(dimension, rotation(key, dimension))
        assert isinstance(made, np.ndarray)
        return made

    def _scrambling(self, layout: CodeLayout) -> Scrambling:
        made = self._made.get(layout)
        if made is None:
            told = f"{layout.angles} {layout.bands} {layout.planes}".encode()
            key = keystream.derived(self.key, "irises", told)
            made = self._made.setdefault(layout, scrambling(key, layout))
        assert isinstance(made, Scrambling)
        return made


def _shipped() -> Collection[str]:
    """Contracts of the models that come with Twofold, as their calibrations name them."""
    from importlib.resources import files as resources

    from twofold.fusion.model_format import parse

    place = resources("twofold") / "fusion" / "default.json"
    model = parse(place.read_text(encoding="utf-8"), str(place))
    return {one.contract for one in model.calibrations}
