"""Starts, watches and restarts the actors, and keeps the account of the turns."""
