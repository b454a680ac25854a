"""Settlement: control files and switching of unmetered supplies (UK)."""
