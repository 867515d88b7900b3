"""Sound files of callers: each is heard in a session of its own, and put into words."""
