"""Characters and words."""
