"""A client, written from clients.md alone: one class for each thing that it keeps, one method for each rule.

It imports nothing of Parley and works on JSON, as a client in any language does. Each method quotes its rule; where the
guide changes, this changes with it.
"""

from tests.client_model.client import Client

__all__ = ["Client"]
