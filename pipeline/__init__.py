"""Actors in processes of their own, joined by typed frames over ZeroMQ and kept alive."""
