"""Is imported for screens, which nobody asks for here."""
