"""Backends that hold a conversation in real time."""
