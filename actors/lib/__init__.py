"""Libraries that several actors share."""
