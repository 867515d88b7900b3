"""Who may call, and what is known of a call before its first word."""
