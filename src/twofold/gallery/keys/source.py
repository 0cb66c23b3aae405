"""Where the master key comes from: a file, an environment variable, a command, or the caller.

The key is 32 random bytes, written as 64 hexadecimal digits or as base64. It is read when a gallery
is opened and again when a key that it does not open turns up, so that a rotated master key can be
put in its place while processes run. No message or repr holds it.
"""

import base64
import binascii
import os
import re
import shlex
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twofold.errors import OutputError
from twofold.gallery.errors import MasterKeyError
from twofold.gallery.sealing import KEY, derived, new_key

VARIABLE = "TWOFOLD_MASTER_KEY"
FILE_VARIABLE = "TWOFOLD_MASTER_KEY_FILE"
COMMAND_VARIABLE = "TWOFOLD_MASTER_KEY_COMMAND"
COMMAND_SECONDS = 30.0
_MOST_CHARACTERS = 4096
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_MAKE = "Make one with `twofold gallery key new PATH`"


@dataclass(frozen=True)
class MasterKey:
    """The key that wraps a gallery's data keys.

    Attributes:
        secret: 32 bytes; not shown.
        identity: 16 hexadecimal digits that tell this key from another and say nothing else of it.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY or len(set(self.secret)) < 8:
            raise MasterKeyError(
                f"the master key: expected {KEY} random bytes. {_MAKE}, or `openssl rand -hex 32`."
            )

    @property
    def identity(self) -> str:
        return derived(self.secret, "master key identity")[:8].hex()


@dataclass(frozen=True)
class KeySource:
    """A place that the master key can be read from, more than once.

    Attributes:
        name: for messages, such as "the file /etc/twofold.key".
    """

    name: str
    _text: Callable[[], str | MasterKey] = field(repr=False)

    def read(self) -> MasterKey:
        """The master key.

        Raises:
            MasterKeyError: it is not there, open to others, or no key.
        """
        text = self._text()
        return text if isinstance(text, MasterKey) else _parsed(text, self.name)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> "KeySource":
        """A file that only its owner may read (mode 0600 or stricter)."""
        place = Path(path)
        return cls(f"the file {place}", lambda: _file(place))

    @classmethod
    def from_environment(
        cls, variable: str = VARIABLE, environment: Mapping[str, str] = os.environ
    ) -> "KeySource":
        """An environment variable that holds the key itself."""
        return cls(f"the variable {variable}", lambda: _variable(variable, environment))

    @classmethod
    def from_command(
        cls, command: str | Sequence[str], seconds: float = COMMAND_SECONDS
    ) -> "KeySource":
        """A command that prints the key, such as that of a secret manager. No shell is used.

        Args:
            command: as one line, which is split as a POSIX shell would, or word by word.
            seconds: after which it is ended.
        """
        try:
            words = shlex.split(command) if isinstance(command, str) else list(command)
        except ValueError as error:
            raise MasterKeyError(f"the key command: {error}. Check its quotes.") from None
        if not words:
            raise MasterKeyError("the key command is empty. Name a program that prints the key.")
        return cls(f"the command {words[0]}", lambda: _command(words, seconds))

    @classmethod
    def from_bytes(cls, secret: bytes) -> "KeySource":
        """The key itself, as the caller has it.

        Raises:
            MasterKeyError: not 32 random bytes.
        """
        key = MasterKey(secret)
        return cls("the given master key", lambda: key)

    @classmethod
    def parse(cls, text: str) -> "KeySource":
        """A source as one writes it: "file:PATH", "env:NAME" or "command:WORDS".

        Raises:
            MasterKeyError: nothing of the kind.
        """
        kind, _, rest = text.partition(":")
        if rest and kind == "file":
            return cls.from_file(rest)
        if rest and kind == "env":
            return cls.from_environment(rest)
        if rest and kind == "command":
            return cls.from_command(rest)
        # The text is not repeated: it may be the key, given by mistake.
        raise MasterKeyError(
            "a key source must be written file:PATH, env:NAME or command:WORDS; the key itself "
            "does not belong on a command line."
        )

    @classmethod
    def default(cls, environment: Mapping[str, str] = os.environ) -> "KeySource":
        """What the environment names: the key itself, a file, or a command, in this order.

        Raises:
            MasterKeyError: it names none.
        """
        if environment.get(VARIABLE):
            return cls.from_environment(VARIABLE, environment)
        if path := environment.get(FILE_VARIABLE):
            return cls.from_file(path)
        if command := environment.get(COMMAND_VARIABLE):
            return cls.from_command(command)
        raise MasterKeyError(
            f"no master key: name its file in {FILE_VARIABLE}, a command that prints it in "
            f"{COMMAND_VARIABLE}, or give it in {VARIABLE}. {_MAKE}."
        )


def generate_key_file(path: str | os.PathLike[str]) -> Path:
    """Write a new master key to a file of mode 0600 that must not exist yet.

    Without the key the gallery is lost: keep a copy in another place than the gallery.

    Raises:
        OutputError: the file exists or cannot be written.
    """
    place = Path(path)
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(new_key().hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise OutputError(
            f"{place} exists: a key that may be in use is not replaced. Choose another name."
        ) from None
    except OSError as error:
        raise OutputError(
            f"cannot write {place}: {error.strerror}. Choose another place."
        ) from error
    return place


def _file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) and not stat.S_ISFIFO(found.st_mode):
                raise MasterKeyError(f"the key file {path}: not a file. Check the path.")
            if os.name == "posix" and found.st_mode & _foreign(path):
                raise MasterKeyError(
                    f"the key file {path}: others may read it (mode {found.st_mode & 0o777:o}). "
                    f"Make it yours alone: chmod 600 {path}"
                )
            content = file.read(_MOST_CHARACTERS + 1)
    except OSError as error:
        raise MasterKeyError(
            f"the key file {path}: {error.strerror}. Check the path. {_MAKE}."
        ) from error
    return content.decode("ascii", "replace")


def _foreign(path: Path) -> int:
    """Permissions that a key file must not give.

    systemd lets a service read its credentials by an access list, which shows as its group's right.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return 0o007 if credentials and path.parent == Path(credentials) else 0o077


def _variable(name: str, environment: Mapping[str, str]) -> str:
    if text := environment.get(name):
        return text
    raise MasterKeyError(f"the variable {name} is not set or empty. Put the master key into it.")


def _command(words: list[str], seconds: float) -> str:
    named = f"the key command {words[0]}"
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            words, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise MasterKeyError(
            f"{named}: no answer within {seconds:g} s. Run it by hand to see what it waits for."
        ) from None
    except OSError as error:
        raise MasterKeyError(f"{named}: {error.strerror}. Check its path.") from None
    if done.returncode != 0:
        # What it printed is not repeated: it may be the key.
        raise MasterKeyError(
            f"{named}: failed with exit code {done.returncode}. Run it by hand to see why."
        )
    return done.stdout[: _MOST_CHARACTERS + 1].decode("ascii", "replace")


def _parsed(text: str, named: str) -> MasterKey:
    text = text.strip()
    secret = b""
    if _HEX.fullmatch(text):
        secret = bytes.fromhex(text)
    else:
        try:
            secret = base64.b64decode(
                text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True
            )
        except (binascii.Error, ValueError):
            secret = b""
    if len(secret) != KEY:
        raise MasterKeyError(
            f"{named}: holds no master key ({len(text)} characters). Expected 32 bytes as 64 "
            f"hexadecimal digits or as base64. {_MAKE}."
        )
    return MasterKey(secret)
