"""A realtime vendor of a stranger's own: four files."""
