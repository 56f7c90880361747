"""Webhooks: events for the servers of others, endpoints, deliveries, signatures."""
