"""The part of Parley that needs no AWS: types, rules, policies, cursors, errors and events.

No clock, no randomness, no I/O.
"""
