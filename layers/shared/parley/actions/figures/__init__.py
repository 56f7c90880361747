"""Counting what the stream of messages brings, and reading the figures."""
