"""What is stored: digests, numbers and times. No key, cookie, name of a subject or address.

Rows of keys and sessions are sealed; counters of lockout, rates and repeats are not.

The tables lie beside the gallery's own, so that one backup holds both, and every process that
serves the gallery sees the same. Times are seconds since 1970.
"""

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

from twofold.gallery.store.tables import Number

metadata = MetaData()

key = Table(
    "service_key",
    metadata,
    Column("id", String(16), primary_key=True),  # random, hexadecimal
    Column("name", String(100), nullable=False),  # of the program or person that it was made for
    Column("scopes", Text, nullable=False),  # in order, with blanks between
    Column("hash", Text, nullable=False),  # argon2id of the secret
    Column("created", Number, nullable=False),
    Column("expires", Number, nullable=True),
    Column("revoked", Number, nullable=True),
    Column("seal", LargeBinary(32), nullable=False),  # see `seals`
)

session = Table(
    "service_session",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of the cookie
    Column("key", String(16), ForeignKey("service_key.id"), nullable=False, index=True),
    Column("begun", Number, nullable=False),
    Column("ends", Number, nullable=False, index=True),  # unless it is used before
    Column("seal", LargeBinary(32), nullable=False),
)

lockout = Table(
    "service_lockout",
    metadata,
    Column("subject", Number, primary_key=True, autoincrement=False),  # its number
    Column("generation", Number, nullable=False),  # rises with every reset
    Column("failures", Integer, nullable=False),  # since the last reset, reserved ones too
    Column("until", Double, nullable=False),  # no attempt before
)

rate = Table(
    "service_rate",
    metadata,
    Column("bucket", LargeBinary(32), primary_key=True),  # SHA-256 of its name
    Column("due", Double, nullable=False, index=True),  # when it will be full again
)

idempotency = Table(
    "service_idempotency",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of owner and key
    Column("fingerprint", LargeBinary(32), nullable=False),  # SHA-256, bound to owner and key
    Column("asked", Integer, nullable=False),  # how often
    Column("begun", Number, nullable=False, index=True),
    Column("subject", Number, nullable=True),  # its number
    Column("status", SmallInteger, nullable=True),  # of the answer; none while it is pending
)
