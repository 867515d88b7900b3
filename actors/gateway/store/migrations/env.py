"""What Alembic runs: the migrations, over the connection that `upgrade.py` gives it."""

from __future__ import annotations

from alembic import context

from actors.gateway.store.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite changes tables within a transaction as well; Alembic assumes that it does not.
    transactional_ddl=True,
    # It cannot change a column: Alembic makes a new table of the old one.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
