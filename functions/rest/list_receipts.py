"""GET /messages/{message_id}/receipts?cursor=&limit=: who has received and read a message, and when. 200, 400, 404."""

from parley.actions.messages import read_markers
from parley.domain.api.call import Call
from parley.domain.api.requests import ListReceipts
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListReceipts)
def handler(call: Call, message_id: str, query: ListReceipts) -> Reply[read_markers.ReceiptList]:
    return ok(read_markers.list_receipts(call, message_id, query))
