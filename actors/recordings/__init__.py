"""Recordings of conversations: reading, comparing, reproducing, exporting, plotting, evaluating."""
