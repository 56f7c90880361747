"""The local stack posts events to a receiver on the same machine, and a slow receiver delays no other."""

import time
from pathlib import Path
from statistics import median

from tests.e2e.stack import PATIENCE_S, running
from tests.functional.hooks import Got, receiving

MESSAGES = 20


def test_events_arrive_in_order_and_soon_beside_a_receiver_that_hangs(tmp_path: Path) -> None:
    with running(tmp_path) as stack, receiving() as quick, receiving() as slow:
        host, ana = stack.person("host", role="service"), stack.person("ana")
        arrived: dict[str, float] = {}

        def note(got: Got) -> int:
            arrived[got.data["message"]["text"]] = time.monotonic()
            return 200

        def hang(_: Got) -> int:
            time.sleep(9)
            return 200

        quick.answer, slow.answer = note, hang
        secrets = [
            host.post("/admin/webhooks", url=there.url, events=["message.created"])["secret"] for there in (quick, slow)
        ]
        time.sleep(5.5)  # until the process that reads the stream looks for webhooks again
        sent: dict[str, float] = {}
        for number in range(MESSAGES):
            sent[str(number)] = time.monotonic()
            assert ana.request("POST", "/messages", {"user_id": "ben", "text": str(number)}).status == 201
            time.sleep(0.05)
        deadline = time.monotonic() + PATIENCE_S
        while len(arrived) < MESSAGES and time.monotonic() < deadline:
            time.sleep(0.05)

        seqs = [got.data["seq"] for got in quick.got]
        assert seqs == sorted(seqs) and len(arrived) == MESSAGES
        assert quick.got[0].verified(secrets[0])
        assert median(arrived[text] - sent[text] for text in sent) < 2
