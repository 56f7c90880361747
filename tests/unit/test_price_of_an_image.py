"""The price of an image: its parts add up, and those that are arithmetic are what the price list says."""

from collections import defaultdict

from bench.attachments import price_rows

NUMBERS = {
    "attachment.scan.puts": 2.0,
    "attachment.scan.gets": 1.0,
    "attachment.scan.posts": 2.0,
    "attachment.scan.memory_mb": 1769.0,
    **{f"attachment.{name}.memory_mb": 512.0 for name in ("ask", "url", "settle")},
    "media.megabyte.s": 1.0,
    "attachment.send.write": 9.0,
    "send.REST.write": 6.0,
}


def test_parts_add_up_and_follow_the_price_list() -> None:
    [total, *parts] = price_rows(defaultdict(float, NUMBERS))
    usd = {row.key: row.number for row in parts}

    assert abs(total.number - sum(usd.values())) < 0.1  # each row is rounded
    assert usd["cost.image.transfer"] == 91.8  # 1.02 MB at $0.09 a GB, a million times
    assert usd["cost.image.S3 requests"] == 3 * 5.0 + 3 * 0.4
    assert usd["cost.image.events"] == 2.0
    assert usd["cost.image.DynamoDB of an image"] == round(3 * 0.625, 2)
    assert usd["cost.image.scanner"] == round(1769 / 1024 * 13.3333334 + 0.2, 2)
