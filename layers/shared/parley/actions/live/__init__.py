"""Live events: presence, typing, calls, fan-out."""
