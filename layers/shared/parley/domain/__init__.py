"""What Parley knows without AWS: types, rules, policies, cursors, errors and events.

No clock, no randomness, no I/O.
"""
