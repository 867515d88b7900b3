"""Sound shared by several actors: samples, rates, files."""
