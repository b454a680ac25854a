"""Simulated street hardware: nodes, cabinets and lamps that tell the truth about themselves."""
