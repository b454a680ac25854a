"""Charts: what they show as values, drawn as a picture of a few shapes, which is written as SVG or into a PDF.

Each chart can be told as a table too, for those who cannot see it and those who want the exact figures.
"""
