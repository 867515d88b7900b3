"""Plays back to a backend what its service said in a recorded run."""
