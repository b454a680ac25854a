"""Work orders: an operator's and a technician's verbs on what is to be repaired."""
