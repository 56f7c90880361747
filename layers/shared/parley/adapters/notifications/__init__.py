"""Channels of notifications: the devices that take pushes, and the push services."""
