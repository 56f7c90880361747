"""GET /messages/{message_id}/receipts?cursor=&limit=: who has received and read a message, and when. 200, 400, 404."""

from parley.actions.messages import markers
from parley.domain.api.call import Call
from parley.domain.api.requests import ListReceipts
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListReceipts)
def handler(call: Call, message_id: str, query: ListReceipts) -> Reply[markers.ReceiptList]:
    return ok(markers.list_receipts(call, message_id, query))
