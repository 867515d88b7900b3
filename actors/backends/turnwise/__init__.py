"""Backends that answer whole turns."""
