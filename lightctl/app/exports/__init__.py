"""Exports: the street as others read it, in open formats: what is known of each light point now."""
