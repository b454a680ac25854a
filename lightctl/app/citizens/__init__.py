"""Citizen reports: what the public says of the lights, taken in, brought to a light point, and answered."""
