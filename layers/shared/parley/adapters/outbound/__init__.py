"""Requests to servers of others, guarded."""
