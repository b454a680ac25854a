"""Metrics: what the daemon tells Prometheus about the street and about itself. Never a label per lamp or node."""
