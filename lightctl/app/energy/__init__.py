"""Energy: what the street used, what it would have, and what it will."""
