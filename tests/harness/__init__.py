"""The whole of Parley in one process: the gateway of `local/`, stepped by hand, over moto or ministack.

    def test_bob_is_told_of_a_message(parley: Parley) -> None:
        alice, bob = parley.user("alice", role="teacher"), parley.user("bob")
        screen = bob.connect()                                   # a one-time ticket; subprotocol=True: bearer, <JWT>

        opened = alice.post("/conversations", json={"type": "direct", "user_id": "bob"})
        sent = alice.post(f"/conversations/{opened.json['id']}/messages", json={"text": "hello"})

        assert sent.status == 201
        assert [event["data"]["message"]["text"] for event in screen.events("message_notification")] == ["hello"]

`parley` (tests/functional/conftest.py) is a fresh system for every test, on moto or on ministack by the
test's name; `--engine both` runs each on both, `--engine moto` all on one.

    parley.user(user_id, role=, name=, contexts=, expires_in_s=)   a person who has signed in once → User
    parley.bearer(token)            the user of this token (expired, forged …), not signed in → User
    user.get/post/put/patch/delete(path, json=, raw=, headers=)    → Reply(status, json, headers, text)
    user.connect()                  → Socket; a refused handshake raises Refused (with .status)
    socket.request(action, data)    → the one reply with that request_id; frames that came meanwhile stay
    socket.send(raw)                any text, bytes or JSON-able object, as one message; nothing is awaited
    socket.events(name=None)        → the event frames that came, and forgets them
    socket.frames                   all frames that came and that neither `request` nor `events` has taken
    socket.close(code=1000)         the client leaves; socket.closed is the code once anyone has closed it
    socket.is_full = True           the client reads no more: a post to it answers 429

    parley.advance(seconds)         moves the clock; idle and old connections are closed as API Gateway does
    parley.run_schedule("ClearStaleTyping")     runs a scheduled function now
    parley.drain()                  runs streams and queues until nothing is left to do; says in how many invocations
    parley.lose_disconnects = True  $disconnect never comes; also a set of connection ids
    parley.deliver_twice = True     every invocation happens twice, as Lambda may do; the first result counts
    parley.deliver_out_of_order = True   `drain` begins with the last message of each queue

    parley.upload(form, body, key=…)     posts a presigned form (`url` and `fields`), with these fields changed → status
    parley.download(url, headers)        opens a presigned address → Download(status, body, headers)
    parley.publish(source, detail_type, detail)     an event of an AWS service, for the template's rules
    parley.dequeue(queue), parley.enqueue(queue, *bodies)   takes messages out of a queue, or sends some

    with parley.watch() as calls:   the functions' AWS calls: Call(function, service, operation, params, response)
    with parley.kill(at=3, after=True) as kill:  the function dies right after its third AWS call; kill.happened
    parley.hooks.append(hook)       an object with before(call) and after(call): raise in them what AWS should answer

Each function runs under its role: a call that stacks/ does not allow it is answered with AccessDeniedException and
fails the test. When the whole functional suite has run, rights that nothing used fail the run (tests/harness/iam.py).
"""

from tests.harness.calls import Call, Hook, Kill
from tests.harness.parley import Frame, Parley, Refused, Reply, Socket, User
from tests.harness.presigned import Download

__all__ = ["Call", "Download", "Frame", "Hook", "Kill", "Parley", "Refused", "Reply", "Socket", "User"]
