"""The rows of the figures."""
