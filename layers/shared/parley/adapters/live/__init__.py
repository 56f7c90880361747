"""Connections, typing, calls, queues, sockets."""
