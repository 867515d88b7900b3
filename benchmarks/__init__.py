"""Measures the limits that greenroom promises to hold; `make bench` runs them all."""
