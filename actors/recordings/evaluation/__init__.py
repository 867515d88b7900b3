"""Recordings through whole pipelines, scored: what `greenroom evaluate` does."""
