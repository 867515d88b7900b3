"""How providers prove that a request is theirs: pure, without clocks and without settings."""
