"""The beginning that the tests of moderation share."""

from tests.functional.talk import open_direct, say
from tests.harness import Parley, Reply, User

TEXT = "You are a fool."


def moderator(parley: Parley, user_id: str = "mona", role: str = "moderator") -> User:
    """Returns a person who may moderate."""
    return parley.user(user_id, role=role)


def talk(parley: Parley, *texts: str) -> tuple[User, User, list[str]]:
    """Returns alice, mallory, and the ids of what mallory has said to her."""
    alice, mallory = parley.user("alice"), parley.user("mallory")
    return alice, mallory, say(mallory, open_direct(alice, mallory), *(texts or (TEXT,)))


def report(person: User, message_id: str, reason: str = "harassment", **more: object) -> Reply:
    """Reports a message."""
    return person.post(f"/messages/{message_id}/report", json={"reason": reason, **more})


def reported(parley: Parley, *texts: str) -> str:
    """Returns the id of alice's report of the last thing that mallory said to her."""
    alice, _, ids = talk(parley, *texts)
    return str(report(alice, ids[-1], note="Third time.").json["id"])


def open_to_moderators(parley: Parley, conversation_id: str) -> str:
    """Marks a conversation as one with a reported message, as the first report does; returns its id."""
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Conversations"].ref,
        Key={"conversation_id": {"S": conversation_id}},
        UpdateExpression="SET is_reported = :true",
        ExpressionAttributeValues={":true": {"BOOL": True}},
    )
    return conversation_id
