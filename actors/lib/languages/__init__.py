"""What the device says and understands in each language: a table a language, and who reads it."""
