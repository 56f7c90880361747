"""Policies, claims, the directory as values."""
