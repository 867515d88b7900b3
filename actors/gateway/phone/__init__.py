"""Callers by telephone: media sockets of telephone providers and exchanges."""
