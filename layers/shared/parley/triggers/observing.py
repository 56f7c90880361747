"""One log line and one set of metrics for each request, at its end. Never message text, tokens, or names of people."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

logger = Logger()


def refused(operation: str, request_id: str, code: str, **ids: Any) -> None:
    """Logs a request that a client got wrong, and counts it."""
    logger.info("refused", operation=operation, correlation_id=request_id, code=code, **ids)
    _count(operation, "Refusals")


def succeeded(operation: str, request_id: str, **ids: Any) -> None:
    """Logs a request that went well, and counts it."""
    logger.info("done", operation=operation, correlation_id=request_id, **ids)
    _count(operation, "Successes")


def failed(operation: str, request_id: str, **ids: Any) -> None:
    """Logs a failure of ours with its trace, and counts it; to be called while the exception is being handled."""
    logger.exception("failed", operation=operation, correlation_id=request_id, **ids)
    _count(operation, "Faults")


def count(operation: str, name: str, value: int, **dimensions: str) -> None:
    """Writes one metric in CloudWatch's embedded metric format, by operation and the dimensions given."""
    metrics = EphemeralMetrics()
    metrics.add_dimension(name="operation", value=operation)
    for key, text in dimensions.items():
        metrics.add_dimension(name=key, value=text)
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.flush_metrics()


def _count(operation: str, name: str) -> None:
    count(operation, name, 1)
