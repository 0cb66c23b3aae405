"""Run by Alembic: migrates on the connection that `store.schema` hands over."""

from alembic import context

from twofold.service.store.schema import VERSIONS

context.configure(connection=context.config.attributes["connection"], version_table=VERSIONS)
with context.begin_transaction():
    context.run_migrations()
