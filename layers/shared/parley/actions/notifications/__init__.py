"""Notifications: deciding whom to tell, and telling them by each channel."""
