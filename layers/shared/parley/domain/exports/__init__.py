"""An export as a value."""
