"""Functions to try and to copy."""
