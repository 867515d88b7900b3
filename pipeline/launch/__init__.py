"""What makes a process start fast, and end with its parent."""
