"""Many people on the telephone: a process in which each is one of `greenroom call`."""
