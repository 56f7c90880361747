"""Files: their types and their names."""
