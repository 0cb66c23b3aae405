"""What is stored. Names, templates and settings are sealed; the rest is numbers and times.

Every writer locks the one row of `gallery` first, so that writers follow one another: numbers are
given out in the order of commits, and the audit's chain has one end.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

metadata = MetaData()

# SQLite's row number is an INTEGER, and only that.
Number = BigInteger().with_variant(Integer, "sqlite")

gallery = Table(
    "gallery",
    metadata,
    Column("single", SmallInteger, primary_key=True, autoincrement=False),  # always 1
    Column("id", String(32), nullable=False),  # random, hexadecimal
    Column("created", String(32), nullable=False),
    Column("change", Number, nullable=False),  # of subjects; rises with every commit of one
    Column("next_subject", Number, nullable=False),
    Column("next_reference", Number, nullable=False),
    Column("key_version", Integer, nullable=False),  # of the data key that writers use
    Column("settings_revision", Integer, nullable=False),
    Column("settings", LargeBinary, nullable=False),  # sealed
    Column("events", Number, nullable=False),
    Column("head", LargeBinary, nullable=False),  # digest of the last event
    Column("seal", LargeBinary, nullable=False),  # MAC of the numbers above
)

data_key = Table(
    "data_key",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("master", String(16), nullable=False),  # identity of the master key
    Column("wrapped", LargeBinary, nullable=False),
    Column("created", String(32), nullable=False),
)

secret = Table(
    "secret",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("key_version", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

subject = Table(
    "subject",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("lookup", LargeBinary(32), nullable=False, unique=True),  # keyed digest of the name
    Column("key_version", Integer, nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),  # the subject's key
    Column("revision", Integer, nullable=False),
    Column("change", Number, nullable=False, index=True),
    Column("expires", Number, nullable=True, index=True),  # seconds since 1970
    Column("profile", LargeBinary, nullable=False),  # sealed
)

reference = Table(
    "reference",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("subject", Number, ForeignKey("subject.id"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),  # of the subject when it was added
    Column("template", LargeBinary, nullable=False),  # sealed
)

erased = Table(
    "erased",
    metadata,
    Column("subject", Number, primary_key=True, autoincrement=False),
    Column("change", Number, nullable=False, index=True),
)

event = Table(
    "event",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("subject", Number, nullable=True, index=True),
    Column("body", Text, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
)
