"""Metrics in CloudWatch's embedded metric format: lines of the log that CloudWatch counts."""

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit


def count(name: str, value: int, **dimensions: str) -> None:
    """Writes one metric by the dimensions given."""
    metrics = EphemeralMetrics()
    for key, text in dimensions.items():
        metrics.add_dimension(name=key, value=text)
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.flush_metrics()
