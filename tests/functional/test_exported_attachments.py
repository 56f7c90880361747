"""Exports name the files of messages: with their hashes as JSON Lines, with their small pictures as HTML."""

from base64 import b64encode
from hashlib import sha256

import pytest

from tests.functional.attachments import FILE, THUMBNAIL, clean_attachment, set_row
from tests.functional.exports import exported, fetched, lines
from tests.functional.talk import open_direct, say
from tests.harness import Parley, User

HASH = sha256(FILE).hexdigest()
HOSTILE = '</li><img src=x onerror=alert(1)>".pdf'
IMAGE = f'<img alt="" src="data:image/webp;base64,{b64encode(THUMBNAIL).decode()}">'


def send(person: User, conversation_id: str, *ids: str) -> None:
    path = f"/conversations/{conversation_id}/messages"
    assert person.post(path, json={"attachment_ids": list(ids)}).status == 201


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def conversation_id(parley: Parley, alice: User) -> str:
    return open_direct(alice, parley.user("bob"))


def as_html(parley: Parley, person: User, conversation_id: str) -> str:
    done = exported(parley, person, conversation_id, "html")
    return fetched(parley, done["url"]).decode()


def test_lines_have_the_hashes_of_files(parley: Parley, alice: User, conversation_id: str) -> None:
    kept, gone = (clean_attachment(parley, alice, conversation_id, sha256=HASH) for _ in range(2))
    say(alice, conversation_id, "no file")
    send(alice, conversation_id, kept, gone)
    set_row(parley, gone, state="deleted")

    done = exported(parley, alice, conversation_id)

    _, bare, message = lines(fetched(parley, done["url"]))
    shown = {"name": "Stundenplan.pdf", "type": "application/pdf", "kind": "file", "size": len(FILE)}
    assert bare["attachments"] == []
    assert message["attachments"] == [
        {"id": kept, **shown, "has_thumbnail": True, "sha256": HASH},
        {"id": gone, **shown, "has_thumbnail": True},
    ]


def test_html_shows_thumbnails_and_names(parley: Parley, alice: User, conversation_id: str) -> None:
    pictured = clean_attachment(parley, alice, conversation_id)
    plain = clean_attachment(parley, alice, conversation_id, thumbnail=None, name=HOSTILE)
    send(alice, conversation_id, pictured, plain)

    page = as_html(parley, alice, conversation_id)

    assert "img-src data:;" in page
    marked = f'<span class="mark">{len(FILE)} bytes</span>'
    assert f'<li class="file">{IMAGE}<bdi dir="auto">Stundenplan.pdf</bdi> {marked}</li>' in page
    assert "<img src=x" not in page and page.count("<img") == 1
    assert "&lt;/li&gt;&lt;img src=x onerror=alert(1)&gt;&quot;.pdf" in page


@pytest.mark.parametrize(("name", "most"), [("MAX_THUMBNAIL_BYTES", 1), ("MAX_THUMBNAILS", 1)])
def test_thumbnails_are_bounded(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    send(alice, conversation_id, *(clean_attachment(parley, alice, conversation_id) for _ in range(2)))
    monkeypatch.setattr(f"parley.actions.exports.parts.{name}", most)

    page = as_html(parley, alice, conversation_id)

    assert page.count("<img") == (1 if name == "MAX_THUMBNAILS" else 0)
    assert page.count("Stundenplan.pdf") == 2


def test_thumbnail_that_is_gone_is_left_out(parley: Parley, alice: User, conversation_id: str) -> None:
    attachment_id = clean_attachment(parley, alice, conversation_id)
    send(alice, conversation_id, attachment_id)
    bucket = parley.template.resources["Attachments"].ref
    parley.store.client("s3").delete_object(Bucket=bucket, Key=f"thumbnails/{attachment_id}")

    page = as_html(parley, alice, conversation_id)

    assert "<img" not in page and "Stundenplan.pdf" in page


def test_file_older_than_the_retention_is_expired_as_the_api_says(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(alice, conversation_id, clean_attachment(parley, alice, conversation_id, sha256=HASH))
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "30")
    parley.store.client("dynamodb").update_item(  # a queue's function counts from the clock on the wall
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": "1"}},
        UpdateExpression="SET created_at_ms = :then",
        ExpressionAttributeValues={":then": {"N": str(parley.clock() - 31 * 86_400_000)}},
    )

    _, exported_message = lines(fetched(parley, exported(parley, alice, conversation_id)["url"]))
    page = as_html(parley, alice, conversation_id)

    [message] = alice.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert exported_message == message and message["attachments"][0]["expired"] is True
    assert "<img" not in page and "Stundenplan.pdf" in page
