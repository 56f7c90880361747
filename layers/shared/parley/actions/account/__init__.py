"""The caller's account: signing in, their devices, tickets for sockets."""
