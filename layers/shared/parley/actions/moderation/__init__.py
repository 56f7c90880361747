"""Banned words, reports, the audit log."""
