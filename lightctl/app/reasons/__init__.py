"""Reasons: why a lamp has, had or will have its level."""
