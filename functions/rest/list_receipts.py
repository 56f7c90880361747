"""GET /messages/{message_id}/receipts?cursor=&limit=: the receipts of a message, with their times. 200, 400, 404."""

from parley.actions.messages import read_markers
from parley.domain.api.request import Request
from parley.domain.api.requests import ListReceipts
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListReceipts)
def handler(request: Request, message_id: str, query: ListReceipts) -> Reply[read_markers.ReceiptList]:
    return ok(read_markers.list_receipts(request, message_id, query))
