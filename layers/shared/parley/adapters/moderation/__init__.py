"""Rows of banned words, reports, the audit log."""
