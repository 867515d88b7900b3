"""The commands that any pipeline has."""
