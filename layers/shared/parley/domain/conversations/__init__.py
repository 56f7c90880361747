"""Heads, messages, steps, events."""
