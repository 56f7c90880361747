"""The HTML file of an export: whatever people write, it shows their words and nothing in it is markup."""

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from parley.domain.api.types import Context, Message, MessageAttachment, Note, Origin, Reaction
from parley.domain.exports import transcript_html
from parley.domain.exports.archive import file_path
from parley.domain.exports.job import About, AboutConversation, Person
from parley.domain.exports.transcript_html import Line, Shown

TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "h1", "h2", "p", "dl", "dt", "dd",
    "article", "span", "div", "b", "i", "bdi", "time", "a", "ul", "li",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "dir", "datetime", "title", "href",
    "aria-hidden",
}  # fmt: skip
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>",
    "</article></main><h1>me",
    "<!-- ",
    "]]>",
    "&lt;b&gt; &amp; &#x3c;",
    "javascript:alert(1)",
    "{{constructor}}",
]


class Read(HTMLParser):
    """A page as a browser reads it: its tags with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def check(self) -> None:
        """Fails where there is a tag or an attribute that the page has no use for."""
        assert {tag for tag, _ in self.tags} <= TAGS
        assert {name for _, attributes in self.tags for name in attributes} <= ATTRIBUTES
        links = [attributes["href"] for _, attributes in self.tags if "href" in attributes]
        assert all(link is not None and link.startswith("#m") for link in links)


def message(seq: int = 1, sender_id: str = "alice", text: str = "hello", at: str = "10:00", **more: object) -> Message:
    day, _, minute = at.rpartition("T")
    return Message(
        id=f"d_{'a' * 26}.{seq}",
        conversation_id="d_" + "a" * 26,
        seq=seq,
        sender_id=sender_id,
        text=text,
        created_at=f"{day or '2026-11-26'}T{minute}:00.000Z",
        **{"kind": "text", **more},  # type: ignore[arg-type]
    )


def about(*, title: str | None = None, name: str = "Alice", **more: object) -> About:
    return About(
        exported_at="2026-11-26T12:00:00.000Z",
        exported_by="alice",
        message_count=2,
        conversation=AboutConversation(
            id="d_" + "a" * 26,
            type="direct",
            title=title,
            description=None,
            context=None,
            created_at="2026-11-20T10:00:00.000Z",
        ),
        members=[Person(user_id="alice", name=name, role="member"), Person(user_id="bob", name=None, role="member")],
    )


def articles(*messages: Message, names: dict[str, str | None] | None = None) -> str:
    """Returns the articles of messages that follow each other."""
    by_id = {one.id: one for one in messages}
    lines = [
        Line(message=one, before=before, answered=by_id.get(one.reply_to or ""))
        for before, one in zip((None, *messages), messages, strict=False)
    ]
    return "".join(transcript_html.article(line, names or {}) for line in lines)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(HOSTILE)


@given(texts, texts, texts)
def test_nothing_that_anybody_wrote_is_markup(text: str, name: str, title: str) -> None:
    file = MessageAttachment(id="a_" + "a" * 26, name=text, type="text/plain", kind="file", size=1)
    first = message(text=text, reactions=[Reaction(text, 1, False)], attachments=[file])
    answer = message(2, "bob", text, reply_to=first.id)
    page = (
        transcript_html.top(about(title=title, name=name))
        + articles(first, answer, names={"alice": name})
        + transcript_html.bottom(about())
    )

    Read(page).check()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_text_is_shown_as_it_was_written(text: str) -> None:
    assert text in Read(articles(message(text=text))).text


def test_control_characters_are_shown_as_such() -> None:
    read = Read(articles(message(text="a\x00b\x1b[31mc\td\ne")))

    assert "a\ufffdb\ufffd[31mc\td\ne" in read.text


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    read = Read(transcript_html.top(about()))
    [policy] = [a["content"] for tag, a in read.tags if a.get("http-equiv") == "Content-Security-Policy"]
    page = transcript_html.top(about())
    style = page[page.index("<style>") + 7 : page.index("</style>")]

    assert policy is not None
    assert policy.split("; ")[0] == "default-src 'none'"
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy and "url(" not in style and "@import" not in style


def test_each_day_has_its_heading_once() -> None:
    page = articles(
        message(1, at="2026-11-25T23:59"), message(2, at="2026-11-26T00:00"), message(3, at="2026-11-26T23:59")
    )

    assert page.count("<h2>") == 2
    assert "Wednesday, 25 November 2026" in page and "Thursday, 26 November 2026" in page
    assert page.index("26 November") < page.index('id="m2"')


@pytest.mark.parametrize(
    ("second", "count"),
    [
        (message(2, at="10:09"), 1),
        (message(2, at="10:11"), 2),
        (message(2, "bob", at="10:01"), 2),
        (message(2, at="10:01", reply_to=message().id), 2),
        (message(2, at="2026-11-27T10:00"), 2),
    ],
    ids=["goes on", "later", "another", "reply", "another day"],
)
def test_name_stands_where_somebody_begins_to_speak(second: Message, count: int) -> None:
    assert articles(message(), second).count('<div class="who">') == count


def test_deleted_message_leaves_its_place_and_nothing_of_its_text() -> None:
    gone = message(text="a secret", deleted_at="2026-11-26T11:00:00.000Z", edited_at="2026-11-26T10:30:00.000Z")

    page = articles(gone, message(2, "bob", reply_to=gone.id))

    assert "secret" not in page and "edited" not in page
    assert "This message was deleted." in page and "In reply to a message that was deleted." in page


def test_edits_pins_reactions_and_answers_are_shown() -> None:
    first = message(
        text="x" * 200,
        edited_at="2026-11-26T10:30:00.000Z",
        pinned=True,
        reactions=[Reaction("👍", 3, True), Reaction("🎉", 1, False)],
    )
    page = articles(first, message(2, "bob", "yes", reply_to=first.id), names={"alice": "Alice", "bob": "Bob"})

    assert "edited" in page and "pinned" in page
    assert '<li class="mine"><bdi>👍</bdi> 3</li><li class="theirs"><bdi>🎉</bdi> 1</li>' in page
    assert (
        '<a class="quote" href="#m1">' in page
        and "x" * 160 + "…</bdi>" in page
        and "x" * 161 not in page[page.index("quote") :]
    )


def test_people_are_named_and_those_without_a_name_by_their_id() -> None:
    page = articles(message(), message(2, "bob"), names={"alice": "Алиса", "bob": None})

    assert '<b><bdi dir="auto">Алиса</bdi></b>' in page and '<b><bdi dir="auto">bob</bdi></b>' in page


def test_system_message_is_a_note_without_a_speaker() -> None:
    page = articles(message(text="A member left.", kind="system"))

    assert 'class="note"' in page and "A member left." in page and '<div class="who">' not in page


def test_top_says_what_it_is_of_whom_and_when() -> None:
    told = about(title="Trip")
    page = Read(transcript_html.top(told)).text

    for words in ("Trip", "Alice, bob", "26 November 2026, 12:00 for Alice", "UTC"):
        assert words in page
    assert "Alice and bob" in Read(transcript_html.top(about())).text


def test_context_and_long_lists_of_members_have_their_place() -> None:
    people = [Person(user_id=f"u{number}", name=None, role="member") for number in range(60)]
    base = about(title="Class")
    told = About(
        exported_at=base.exported_at,
        exported_by="u1",
        message_count=1234,
        conversation=AboutConversation(
            id=base.conversation.id,
            type="group",
            title="Class",
            description="All of <us>",
            context=Context("class", "7b"),
            created_at=base.conversation.created_at,
        ),
        members=people,
    )
    page = Read(transcript_html.top(told)).text

    assert "class 7b" in page and "All of <us>" in page and "and 10 more" in page and "1,234" in page


@given(texts)
def test_note_names_people_and_what_they_named_without_markup(name: str) -> None:
    assume(name != "Members were added.")  # Hypothesis also tries the texts that it finds in the code
    note = Note(event="title_changed", title=name)
    added = Note(event="members_added", user_ids=["bob", "carol"])
    page = articles(
        message(kind="system", text="The title was changed.", system=note),
        message(2, kind="system", text="Members were added.", system=added),
        names={"alice": name, "bob": "Bob"},
    )

    Read(page).check()
    assert "Bob, carol" in Read(page).text and "Members were added." not in page


@pytest.mark.parametrize(("role", "said"), [(None, "Bob added carol."), ("admin", "Bob added carol as admin.")])
def test_note_says_in_which_role_somebody_came(role: str | None, said: str) -> None:
    note = Note(event="members_added", user_ids=["carol"], role=role)
    page = articles(message(kind="system", system=note, sender_id="bob"), names={"bob": "Bob"})

    assert said in Read(page).text


def test_note_that_is_not_known_here_says_what_it_says() -> None:
    page = articles(message(kind="system", text="Something new happened.", system=Note(event="something_new")))

    assert "Something new happened." in page


def test_forwarded_message_says_whose_it_was() -> None:
    origin = Origin(sender_id="carol", created_at="2026-11-20T10:00:00.000Z")

    assert (
        "Forwarded from Carol, 20 November 2026, 10:00"
        in Read(articles(message(forwarded_from=origin), names={"carol": "Carol"})).text
    )


def shown_with(attachment: MessageAttachment, shown: Shown) -> str:
    line = Line(message=message(attachments=[attachment]), before=None, answered=None)
    return transcript_html.article(line, {}, {attachment.id: shown})


@pytest.mark.parametrize("name", HOSTILE)
def test_file_in_an_archive_is_led_to_by_its_path_alone(name: str) -> None:
    attachment = MessageAttachment(id="a_1", name=name, type="image/png", kind="image", size=1)
    shown = Shown(image="thumbnails/1-01.webp", link=f"files/1-01-{name}")

    read = Read(shown_with(attachment, shown))

    [image] = [attributes for tag, attributes in read.tags if tag == "img"]
    [link] = [attributes["href"] for tag, attributes in read.tags if tag == "a"]
    assert image == {"alt": "", "src": "thumbnails/1-01.webp"}
    assert unquote(link or "") == f"files/1-01-{name}" and urlsplit(link or "").path == link
    assert name in read.text


def test_archive_shows_images_beside_its_page_and_says_which_files_are_missing() -> None:
    attachment = MessageAttachment(id="a_1", name="a.pdf", type="application/pdf", kind="file", size=1)
    page = shown_with(attachment, Shown(is_missing=True))

    assert '<bdi dir="auto">a.pdf</bdi> <span class="mark">1 byte · missing</span>' in page
    assert "img-src &#x27;self&#x27; file:;" in transcript_html.top(about(), is_archive=True)
    assert "img-src data:;" in transcript_html.top(about())


def test_marks_of_a_message_are_apart_also_without_its_senders_name() -> None:
    marks: dict[str, Any] = {"pinned": True, "edited_at": "2026-11-26T10:30:00.000Z", "via": "host"}

    for read in (Read(articles(message(**marks))), Read(articles(message(), message(2, **marks)))):
        assert "written by the host · pinned · edited" in read.text


RECORDING = MessageAttachment(
    id="a_1", name="voice.webm", type="audio/webm", kind="audio", size=40_000, duration_ms=12_400
)
PICTURE = MessageAttachment(id="a_2", name="a.jpg", type="image/jpeg", kind="image", size=1)
PAPER = MessageAttachment(id="a_3", name="a.pdf", type="application/pdf", kind="file", size=1_300_000, pages=3)


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        ({"kind": "voice", "attachments": [RECORDING]}, "Voice message, 0:12"),
        ({"attachments": [PICTURE]}, "Picture"),
        ({"attachments": [PICTURE, PICTURE]}, "2 pictures"),
        ({"attachments": [PICTURE, PAPER]}, "2 files"),
        ({"attachments": [PAPER]}, "a.pdf"),
        ({"custom_type": "booking"}, "booking"),
    ],
)
def test_answer_to_a_message_without_text_says_what_it_answers(answered: dict[str, Any], words: str) -> None:
    first = message(text="", **answered)
    page = articles(first, message(2, "bob", "yes", reply_to=first.id))

    assert f'</b> <bdi dir="auto">{words}</bdi></a>' in page


def test_voice_message_is_played_where_the_archive_has_it() -> None:
    voice = message(text="", kind="voice", attachments=[RECORDING])
    with_file, without = (
        transcript_html.article(Line(message=voice, before=None, answered=None), {}, shown)
        for shown in ({"a_1": Shown(link="files/1-01-voice.webm")}, {})
    )

    assert '<audio controls="" preload="none" src="files/1-01-voice.webm"></audio>' in with_file
    assert "Voice message, 0:12" in with_file and "Voice message, 0:12" in without
    assert "audio" not in without and "voice.webm" not in without
    assert "media-src &#x27;self&#x27; file:;" in transcript_html.top(about(), is_archive=True)
    assert "media-src" not in transcript_html.top(about())


def test_file_says_how_large_and_how_long_it_is() -> None:
    assert '</bdi> <span class="mark">1.2 MB · 3 pages</span>' in shown_with(PAPER, Shown())
    assert '</bdi> <span class="mark">39 KB · 0:12</span>' in shown_with(RECORDING, Shown())


@given(st.text())
def test_name_in_an_archive_stays_in_its_folder(name: str) -> None:
    path = file_path(7, 0, name, 1234)

    assert path.startswith("files/0007-01-") and path.count("/") == 1 and "\\" not in path
    assert len(path.removeprefix("files/").encode()) <= 255
