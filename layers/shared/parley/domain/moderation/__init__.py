"""Banned words and the audit log as values."""
