"""Where answers are heard."""
