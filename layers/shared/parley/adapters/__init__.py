"""Parley's ways to the outside: DynamoDB tables, sockets, queues, tokens. Nothing here decides who may do what."""
