"""Roll-outs: schedules brought to the street in waves, as people start, pause, resume, undo and see them."""
