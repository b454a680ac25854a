"""What the light did and cost, as people read it: figures to text, picture, page and file. Pure; it decides nothing."""
