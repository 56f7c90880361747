"""Conversations: opening, listing, settings, groups and members, sync."""
