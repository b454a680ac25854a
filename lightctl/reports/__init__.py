"""Putting figures on paper, on a screen and on a terminal. Pure: values in, text or bytes out.

What comes in is a report (`street`, `lamp`, `energy`: frozen values with units); it is laid out once, as a `Document`
of words, tables and charts, and written as a page (HTML), as a PDF or as lines for a terminal. So all three say the
same.
"""
