"""lightctl: a street-lighting fleet manager. The folders are its floors; imports go down only."""

__version__ = "0.1.0"
