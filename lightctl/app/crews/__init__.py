"""Crews: work at the pole, from a node that was heard to a maintenance that is over."""
