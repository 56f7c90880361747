"""An erasure as a value."""
