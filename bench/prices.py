"""List prices in USD: us-east-1, on demand, without free tiers, November 2026. And what is assumed of AWS beside."""

WRITE_UNIT = 0.625e-6
READ_UNIT = 0.125e-6
SOCKET_MESSAGE = 1.00e-6  # either way, each 32 KB begun
SOCKET_MESSAGE_BYTES = 32 * 1024
CONNECTION_MINUTE = 0.25e-6
REST_REQUEST = 3.50e-6
INVOCATION = 0.20e-6
GB_S = 0.0000133334  # arm64
QUEUE_REQUEST = 0.40e-6
LOG_BYTE = 0.50 / 1e9  # CloudWatch Logs, ingested
FIFO_REQUEST = 0.50e-6  # of a queue that keeps an order
PUSH = 0.50e-6  # to a mobile device by SNS, "Amazon SNS pricing"; a Web Push costs nothing
MAIL = 0.10e-3  # sent by SES, "Amazon SES pricing"
SECRET = 0.40  # a month, "AWS Secrets Manager pricing"
TRACE = 5.00e-6  # X-Ray, recorded
METRIC = 0.30  # a custom metric that is written all month
ALARM_METRIC = 0.10  # a metric that an alarm watches
STORED_GB = 0.25 + 0.20  # DynamoDB, and restoring to a point in time

# "Amazon S3 pricing", S3 Standard: requests and storage; transfer of the first 10 TB of a month to the internet.
S3_PUT = 5.00e-6  # also POST and LIST
S3_GET = 0.40e-6
S3_STORED_GB = 0.023  # a month
TRANSFER_GB = 0.09  # uploads, and what S3 and Lambda exchange in a region, are free

COLD_STARTS = 1 / 200  # invocations that find no warm instance
COLD_START_MS = 1500  # billed too: interpreter, layer and imports on the share of a processor
STREAM_BATCH = 10  # messages that the readers of the stream find in one batch
# Of the function that counts: what comes in so many seconds in one of so many shards is a batch (template.yaml).
FIGURES_WINDOW_S = 3.0
STREAM_SHARDS = 4  # of a table on demand that has not grown
PLATFORM_LOG_BYTES = 400  # START, END and REPORT of one invocation
ACCESS_LOG_BYTES = 350  # one line of the REST API, in the format of template.yaml
# A line of the WebSocket API: 111 bytes of the format, 82 of values (request id 16, the longest route 22, status 3, a
# UUID as `user_id` 36, latency 4, no error 1), and 26 that CloudWatch Logs adds to each event (`PutLogEvents`).
SOCKET_ACCESS_LOG_BYTES = 219


def cold_start_ms(memory_mb: float) -> float:
    """Returns how long a cold start takes: with less than 512 MB longer, as the share of a processor is smaller."""
    return COLD_START_MS * max(1.0, 512 / memory_mb)


def invocation_usd(milliseconds: float, memory_mb: float) -> float:
    """Returns the price of one invocation, with its share of the cold starts."""
    gb_s = (milliseconds + COLD_STARTS * cold_start_ms(memory_mb)) / 1000 * memory_mb / 1024
    return INVOCATION + gb_s * GB_S
