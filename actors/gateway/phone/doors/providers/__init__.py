"""One file for each provider: how it proves itself, what its webhooks say, how it is told."""
