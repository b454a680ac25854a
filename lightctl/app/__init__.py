"""The running thing: clock, daemon, operations."""
