"""GET /messages/{message_id}/receipts: who has received and read a message, and when. 200, 400, 404."""

from parley.actions import markers
from parley.domain.call import Call
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call, message_id: str) -> Reply[markers.ReceiptList]:
    return ok(markers.list_receipts(call, message_id))
