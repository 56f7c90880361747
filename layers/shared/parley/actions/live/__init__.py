"""What happens now: presence, typing, calls, telling many."""
