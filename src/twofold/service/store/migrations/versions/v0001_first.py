"""The first form of the service's tables.

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
        "service_key",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("created", _Number, nullable=False),
        sa.Column("expires", _Number, nullable=True),
        sa.Column("revoked", _Number, nullable=True),
        sa.Column("seal", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "service_session",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column(
            "key", sa.String(16), sa.ForeignKey("service_key.id"), nullable=False, index=True
        ),
        sa.Column("begun", _Number, nullable=False),
        sa.Column("ends", _Number, nullable=False, index=True),
        sa.Column("seal", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "service_lockout",
        sa.Column("subject", _Number, primary_key=True, autoincrement=False),
        sa.Column("generation", _Number, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_table(
        "service_rate",
        sa.Column("bucket", sa.LargeBinary(32), primary_key=True),
        sa.Column("due", sa.Double, nullable=False, index=True),
    )
    op.create_table(
        "service_idempotency",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("begun", _Number, nullable=False, index=True),
        sa.Column("subject", _Number, nullable=True),
        sa.Column("status", sa.SmallInteger, nullable=True),
    )
