"""`greenroom service`: a pipeline as a service of systemd."""
