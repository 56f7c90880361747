"""The duration of a warm function on AWS: its processor time on its share of a processor, and its waits for AWS.

A model, because nothing of this was run on AWS. It leaves out the network to the client, and API Gateway's own time,
which AWS does not publish.
"""

# The median that a function in Python sees (public benchmark from Lambda, us-east-1; aws-facts.md). A transaction
# of five items takes three times a put: it is prepared and then committed.
TRANSACTION_MS = 25.0
BATCH_MS = 8.0
SINGLE_MS = 7.5
# Assumed: no published numbers exist.
POST_MS = 15.0  # one post to `@connections`; many at once take as long
OTHER_MS = 10.0  # a call of SQS or S3

FULL_PROCESSOR_MB = 1769  # memory that comes with one whole processor (Lambda developer guide)

_DYNAMODB_MS = {"TransactWriteItems": TRANSACTION_MS, "BatchGetItem": BATCH_MS, "BatchWriteItem": BATCH_MS}


def typical_ms(service: str, operation: str) -> float:
    """Returns the typical time of one call in ms, by botocore's names."""
    if service == "dynamodb":
        return _DYNAMODB_MS.get(operation, SINGLE_MS)
    return POST_MS if service == "apigatewaymanagementapi" else OTHER_MS


def duration_ms(processor_ms: float, waits_ms: float, memory_mb: float) -> float:
    """Returns the duration of a warm function with that memory; it is billed for that too."""
    return processor_ms / min(1.0, memory_mb / FULL_PROCESSOR_MB) + waits_ms
