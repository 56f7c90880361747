"""TURN: calls between people behind strict networks use a relay, which requires fresh credentials."""

import hmac
from base64 import b64encode
from hashlib import sha1

from msgspec import Struct

from parley.actions import access, limits
from parley.adapters.live import turn
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.conversations import rights


class IceServer(Struct, frozen=True, kw_only=True):
    """A relay, as an RTCIceServer of a browser's RTCConfiguration."""

    urls: list[str]
    username: str
    credential: str


class TurnCredentials(Struct, frozen=True, kw_only=True):
    """The configuration of a new RTCPeerConnection; without servers if none is set up. Valid until `expires_at`."""

    ice_servers: list[IceServer]
    expires_at: str


def create_turn_credentials(request: Request, conversation_id: str) -> TurnCredentials:
    """Returns credentials for a call in a conversation; refuses them if the caller may not call.

    The relay checks them by itself, with the secret that it shares with Parley. Each takes a token from the caller's
    own bucket, as the call itself does. Two round trips.

    Their form is that of the "REST API for Access to TURN Services" (draft-uberti-behave-turn-rest-00), which coturn
    and others accept. It requires SHA-1; collisions of SHA-1 do not break HMAC.
    """
    rights.require(access.access_conversation(request, conversation_id), request.user_id, "call")
    limits.take_own(request)
    relays = turn.relays(request.now_s)
    expires_at_s = request.now_s + relays.life_s
    username = f"{expires_at_s}:{request.user_id}"
    servers = [
        IceServer(
            urls=relays.urls,
            username=username,
            credential=b64encode(hmac.digest(relays.secret, username.encode(), sha1)).decode(),
        )
    ]
    return TurnCredentials(ice_servers=servers if relays.urls else [], expires_at=rfc3339(expires_at_s * 1000))
