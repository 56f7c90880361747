"""Webhooks: keeping endpoints, posting events to them, looking at deliveries."""
