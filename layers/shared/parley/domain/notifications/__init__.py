"""Notifications: whom to tell of what, when, and by which channel."""
