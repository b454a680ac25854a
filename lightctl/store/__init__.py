"""The memory: one door, one writer."""
