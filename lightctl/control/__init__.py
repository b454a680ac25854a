"""What to do about it: the pure controller."""
