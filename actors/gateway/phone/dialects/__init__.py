"""How each provider says it: a file each."""
