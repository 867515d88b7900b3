"""The database of the gateway: sessions, turns, calls, credentials; SQLite or PostgreSQL."""
