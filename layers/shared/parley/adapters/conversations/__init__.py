"""Rows of conversations, memberships, messages."""
