"""Notifications in the store, the words that the layer ships for them, and the services that push them."""
