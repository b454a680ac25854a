"""What should be lit: pure functions of values and an instant; no clock is read and nothing is remembered outside.

Read in this order: wall (local clock times), sun (where the sun is), calendars (which program), reading (when the
times people write fall in a night), night (one program on one date at one place), floors (protections), standing (what
an intent's selectors give a light point), resolve (an intent read for a light point and an instant), lint (what is odd
over a year of nights).
"""
