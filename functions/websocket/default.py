"""$default: a frame that is not JSON or names no action. The reply is an error frame; the socket stays open."""

from parley.triggers.websocket import unknown_action

handler = unknown_action
