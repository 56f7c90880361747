"""Rows of erasures."""
