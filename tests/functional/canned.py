"""Canned replies for tests, and those who keep them."""

from tests.harness import Frame, Parley, Reply, User

PATH = "/support/canned-replies"
TEXT = "Hello {{requester.name}}, this is {{agent.name}}."


def admin(parley: Parley, user_id: str = "ada") -> User:
    """Returns a support admin."""
    return parley.user(user_id, role="support_admin")


def keep(author: User, **fields: object) -> Reply:
    """Makes a canned reply."""
    return author.post(PATH, json={"title": "Greeting", "text": TEXT, **fields})


def kept(author: User, **fields: object) -> Frame:
    """Returns a new canned reply."""
    reply = keep(author, **fields)
    assert reply.status == 201, reply
    return dict(reply.json)


def all_kept(reader: User, query: str = "") -> list[Frame]:
    """Returns the canned replies of the first page."""
    reply = reader.get(f"{PATH}{query}")
    assert reply.status == 200, reply
    return list(reply.json["canned_replies"])
