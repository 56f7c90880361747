"""One log line for each request, at its end, and a metric if it went wrong. Never message text, tokens, or names."""

from typing import Any

from aws_lambda_powertools import Logger

from parley.adapters import metrics

logger = Logger()


def refused(operation: str, request_id: str, code: str, **ids: Any) -> None:
    """Logs a refused request, and counts it."""
    logger.info("refused", operation=operation, correlation_id=request_id, code=code, **ids)
    _count(operation, "Refusals")


# Pings and typing are most of all requests, and all alike. A successful one has no line of its own (API Gateway's
# access log has one) and no answer unless it asks for one (`websocket.py`).
QUIET = frozenset({"ping", "typing_start", "typing_stop"})


def succeeded(operation: str, request_id: str, **ids: Any) -> None:
    """Logs a successful request; Lambda's own metric counts them."""
    if operation not in QUIET:
        logger.info("done", operation=operation, correlation_id=request_id, **ids)


def failed(operation: str, request_id: str, **ids: Any) -> None:
    """Logs a failure of ours with its trace, and counts it. Call it while the exception is being handled."""
    logger.exception("failed", operation=operation, correlation_id=request_id, code="internal_error", status=500, **ids)
    _count(operation, "Faults")


def count(operation: str, name: str, value: int, **dimensions: str) -> None:
    """Writes one metric in CloudWatch's embedded metric format, by operation and the dimensions given."""
    metrics.count(name, value, operation=operation, **dimensions)


def _count(operation: str, name: str) -> None:
    count(operation, name, 1)
