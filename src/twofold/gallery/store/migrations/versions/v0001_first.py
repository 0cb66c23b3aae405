"""The first form of a gallery.

A migration is never edited once released, so its tables are written out here, not imported.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "gallery",
        sa.Column("single", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("change", _Number, nullable=False),
        sa.Column("next_subject", _Number, nullable=False),
        sa.Column("next_reference", _Number, nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("settings_revision", sa.Integer, nullable=False),
        sa.Column("settings", sa.LargeBinary, nullable=False),
        sa.Column("events", _Number, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "data_key",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("master", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "subject",
        sa.Column("id", _Number, primary_key=True, autoincrement=False),
        sa.Column("lookup", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("key_version", sa.Integer, nullable=False, index=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("change", _Number, nullable=False, index=True),
        sa.Column("expires", _Number, nullable=True, index=True),
        sa.Column("profile", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "reference",
        sa.Column("id", _Number, primary_key=True, autoincrement=False),
        sa.Column("subject", _Number, sa.ForeignKey("subject.id"), nullable=False, index=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("template", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "erased",
        sa.Column("subject", _Number, primary_key=True, autoincrement=False),
        sa.Column("change", _Number, nullable=False, index=True),
    )
    op.create_table(
        "event",
        sa.Column("number", _Number, primary_key=True, autoincrement=False),
        sa.Column("subject", _Number, nullable=True, index=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("seal", sa.LargeBinary(32), nullable=False),
    )
