"""Who answers each turn of a session, and what became of it."""
