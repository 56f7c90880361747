"""The work that the stream starts for links, if the deployment wants previews (`actions/messages/previews.py`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from parley.adapters import environment
from parley.adapters.live import queues
from parley.domain.previews.job import LOOK, PreviewJob
from parley.domain.previews.links import first_link


def looks_of(row: Mapping[str, Any]) -> list[PreviewJob]:
    """Returns the look at a new message's link, or at that of an edit, if the deployment wants previews."""
    if environment.optional("LINK_PREVIEWS") != "on":
        return []
    conversation_id, _, what = row["conversation_id"].partition("#")
    if what == "c":
        if LOOK not in row.get("errands", "").split(","):
            return []
        change = row["change"]
        return [PreviewJob(conversation_id=conversation_id, seq=int(change["message_seq"]), at_ms=int(change["at_ms"]))]
    if row.get("kind") in (None, "system") or first_link(row.get("text") or "") is None:
        return []
    return [PreviewJob(conversation_id=conversation_id, seq=int(row["seq"]), at_ms=int(row["created_at_ms"]))]


def queue_looks(looks: Sequence[PreviewJob]) -> None:
    """Queues looks at links; one call for each ten."""
    queues.send_all("LINK_PREVIEWS_QUEUE_URL", looks)
