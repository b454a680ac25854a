"""Running: what the daemon is wired of, and what keeps it going."""
