"""What backends have in common; each imports of it what it needs."""
