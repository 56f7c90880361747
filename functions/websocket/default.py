"""$default: what is no JSON, or names no action. Always an error frame, and the socket stays open."""

from parley.triggers.websocket import unknown_action

handler = unknown_action
