"""What should be lit: pure functions of values and an instant."""
