"""What the operator of a gateway sees: its sessions, its metrics, its access log."""
