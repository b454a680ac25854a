"""Faults as people deal with them: found, explained, acknowledged and silenced."""
