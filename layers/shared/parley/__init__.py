"""Parley's shared package: each folder may import only those below it — triggers, actions, adapters, domain."""
