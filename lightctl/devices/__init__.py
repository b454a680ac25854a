"""What the wire means: sans-io codecs, both directions, both ends."""
