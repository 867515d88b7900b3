"""A room: one pipeline among several that share a database and the callers."""
