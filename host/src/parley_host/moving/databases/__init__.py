"""Databases as the source of an import: their tables in one snapshot, read only, each table in the order of its key."""
