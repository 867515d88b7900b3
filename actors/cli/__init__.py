"""The `greenroom` command: what any pipeline has, and what these actors add."""
