"""Who may come in, how much of it, and what is told those who may not."""
