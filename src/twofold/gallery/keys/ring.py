"""The keys of one gallery, unwrapped in memory.

    master key ──wraps──> data keys ──wrap──> one key for each subject ──seals──> its records
                                    └─wrap──> the root secret ──HKDF──> lookup, audit and other keys

The root secret stays the same for the life of a gallery, so that names are found and the audit's
chain can be verified across rotations. Several data keys may be there while one takes over from
another; every row says which one wraps its key.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from twofold.gallery.errors import MasterKeyError, TamperError
from twofold.gallery.keys.source import KeySource, MasterKey
from twofold.gallery.sealing import derived, new_key, place, seal, unseal

ROOT = "root"  # name of the secret that others are derived from
TRANSFORM = "transform"  # of the key of a revocable gallery's transform


@dataclass(frozen=True)
class WrappedKey:
    """A data key as it is stored.

    Attributes:
        version: from 1.
        master: identity of the master key that wraps it.
        wrapped: sealed under the master key.
    """

    version: int
    master: str
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True)
class WrappedSecret:
    """A named secret as it is stored, sealed under a data key."""

    name: str
    key_version: int
    wrapped: bytes = field(repr=False)


class Keyring:
    """Unwraps and wraps the keys of one gallery. Safe between threads.

    Args:
        gallery: its identity.
        source: of the master key.
        fetch: reads the stored data keys again, for one that another process has made.
    """

    def __init__(
        self, gallery: str, source: KeySource, fetch: Callable[[], Sequence[WrappedKey]]
    ) -> None:
        self.gallery, self.source = gallery, source
        self._fetch = fetch
        self._keys: dict[int, bytes] = {}
        self._derived: Mapping[str, bytes] = {}

    def __repr__(self) -> str:
        return f"Keyring(gallery={self.gallery!r}, versions={sorted(self._keys)})"

    def begin(self) -> tuple[WrappedKey, WrappedSecret]:
        """Make the first data key and the root secret of a new gallery."""
        wrapped = self.new_data_key(1)
        root = new_key()
        self._derive(root)
        return wrapped, self.wrapped_secret(ROOT, root, 1)

    def unlock(self, keys: Sequence[WrappedKey], root: WrappedSecret) -> None:
        """Unwrap the stored keys.

        Raises:
            MasterKeyError: the master key is not this gallery's.
            TamperError: a stored key was changed.
        """
        self._load(keys)
        self._derive(self.secret(root))

    def new_data_key(self, version: int) -> WrappedKey:
        """Make another data key, wrapped under the master key as its source has it now."""
        self._keys[version] = new_key()
        return self.wrapped(version, self.source.read())

    def wrapped(self, version: int, master: MasterKey) -> WrappedKey:
        """A data key wrapped under a master key."""
        sealed = seal(master.secret, self.data_key(version), *self._of_data_key(version))
        return WrappedKey(version, master.identity, sealed)

    def wrapped_secret(self, name: str, content: bytes, version: int) -> WrappedSecret:
        """A secret under a data key."""
        sealed = seal(self.data_key(version), content, *self._of_secret(name, version))
        return WrappedSecret(name, version, sealed)

    def secret(self, stored: WrappedSecret) -> bytes:
        """A secret in clear.

        Raises:
            TamperError: it was changed.
        """
        return unseal(
            self.data_key(stored.key_version), stored.wrapped,
            *self._of_secret(stored.name, stored.key_version),
            named=f"the {stored.name} secret",
        )  # fmt: skip

    def data_key(self, version: int) -> bytes:
        """A data key; fetched where another process has made it.

        Raises:
            TamperError: there is none of this version.
            MasterKeyError: the master key does not open it.
        """
        if version not in self._keys:
            self._load(self._fetch())
        try:
            return self._keys[version]
        except KeyError:
            raise TamperError(
                f"data key {version} of the gallery is missing. Restore the gallery from a backup."
            ) from None

    def forget(self, version: int) -> None:
        """Drop a data key that nothing is wrapped under any more."""
        self._keys.pop(version, None)

    def new_subject_key(self, subject: int, version: int) -> tuple[bytes, bytes]:
        """A new key of a subject: in clear, and wrapped under a data key."""
        key = new_key()
        return key, self.wrapped_subject_key(key, subject, version)

    def wrapped_subject_key(self, key: bytes, subject: int, version: int) -> bytes:
        """A subject's key, wrapped under a data key."""
        return seal(self.data_key(version), key, *self._of_subject(subject, version))

    def subject_key(self, wrapped: bytes, subject: int, version: int) -> bytes:
        """A subject's key in clear.

        Raises:
            TamperError: it was changed, or is another subject's.
        """
        return unseal(
            self.data_key(version), wrapped, *self._of_subject(subject, version),
            named=f"the key of subject {subject}",
        )  # fmt: skip

    def purpose(self, name: str) -> bytes:
        """The derived key of a purpose: "lookup", "audit", "head" or "settings"."""
        return self._derived[name]

    def beside(self, purpose: str) -> bytes:
        """A key for what others keep beside the gallery: of a root of its own, so that it is none
        of the gallery's, whatever the purpose is called."""
        return derived(self._derived["beside"], purpose, self.gallery)

    def lookup(self, name: str) -> bytes:
        """The keyed digest that a subject's name is found by: HMAC-SHA-256."""
        return hmac.digest(self._derived["lookup"], place("name", name), "sha256")

    def _derive(self, root: bytes) -> None:
        names = ("lookup", "audit", "head", "settings", "beside")
        self._derived = {name: derived(root, name, self.gallery) for name in names}

    def _load(self, stored: Sequence[WrappedKey]) -> None:
        unknown = [one for one in stored if one.version not in self._keys]
        if not unknown:
            return
        master = self.source.read()
        for one in unknown:
            if one.master != master.identity:
                raise MasterKeyError(
                    f"{self.source.name} holds the master key {master.identity}, and the gallery "
                    f"needs {one.master}. Give the gallery's own key."
                )
            self._keys[one.version] = unseal(
                master.secret, one.wrapped, *self._of_data_key(one.version),
                named=f"data key {one.version}",
            )  # fmt: skip

    def _of_data_key(self, version: int) -> tuple[str, str, int]:
        return "data key", self.gallery, version

    def _of_subject(self, subject: int, version: int) -> tuple[str, str, int, int]:
        return "subject key", self.gallery, subject, version

    def _of_secret(self, name: str, version: int) -> tuple[str, str, str, int]:
        return "secret", self.gallery, name, version
