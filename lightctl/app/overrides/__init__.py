"""Overrides: levels set by hand, from the word of a person to the answer of each lamp."""
