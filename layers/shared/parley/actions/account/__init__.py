"""The caller themselves: signing in, their devices, tickets for sockets."""
