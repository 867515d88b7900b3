"""Where sound, pictures and text come from."""
