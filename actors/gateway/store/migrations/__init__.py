"""Migrations of the schema, by Alembic; `upgrade.py` runs them."""
