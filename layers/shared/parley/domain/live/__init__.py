"""Presence, typing, calls as values."""
