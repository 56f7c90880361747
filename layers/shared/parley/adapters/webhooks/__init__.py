"""Endpoints of webhooks, and the deliveries of each."""
