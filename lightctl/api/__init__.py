"""The door for others: HTTP over operations."""
