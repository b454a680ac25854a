"""Reports: what is gathered from the store for the pages that people look at."""
