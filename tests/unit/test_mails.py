"""E-mails: the shipped template, digests in five languages, and messages whose headers nobody can add to."""

import re
import subprocess
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.adapters.notifications import mail_templates
from parley.domain.notifications.addresses import sendable
from parley.domain.notifications.digest import MAX_ENTRIES, MAX_HTML_BYTES, Digest, Links, Wish, digest, isolated, plain
from parley.domain.notifications.mail_template import Language, MailTemplateError, load
from parley.domain.notifications.mime import Envelope, Sender, message
from parley.domain.notifications.notice import Notice, Recipient

TEMPLATE = mail_templates.named("default")
SHIPPED = (mail_templates.FOLDER / "default.toml").read_text(encoding="utf-8")
AT_MS = 1_764_423_000_000
URL = "https://abcdef1234.execute-api.us-east-1.amazonaws.com/v1/unsubscribe/" + "Ab-_9" * 30
WISH = Wish(sender="Parley", links=Links(unsubscribe=URL, app="https://app.example.com/c/{conversation_id}?a=1&b=2"))
SENDER = Sender(address="no-reply@example.com", name="Parley", reply_to="help@example.com")
ENVELOPE = Envelope(sender=SENDER, to="ana@example.org", key="a1b2c3", at_ms=AT_MS, unsubscribe_url=URL)
EVIL = [
    "Bob\r\nBcc: eve@example.com",
    "Bob\nBcc: eve@example.com",
    "Bob\rBcc: eve@example.com",
    "Bob\u2028Bcc: eve@example.com\u2029\x85\x0b\x0c\x1c\x00",
    "=?utf-8?q?Bob=0D=0ABcc=3A_eve=40example=2Ecom?=",
    "Bob\r\n\r\n<script>alert(1)</script>",
    "😀" * 500,
    "a" * 5_000,
    "Ana \u202eevil\u2066 \u2067x",
    "مريم العلي",
    "\ud83d lone",
    "{{unsubscribe_url}} {{subject}} \"<b>&'",
    "",
]


def notice(title: str = "Bob", text: str = "Hello", **changes: object) -> Notice:
    given_ = {
        "kind": "message",
        "conversation_id": "con_1",
        "seq": 1,
        "message_id": "m1",
        "title": title,
        "text": text,
        "count": 1,
        "at_ms": AT_MS,
    }
    return Notice(**(given_ | changes))  # type: ignore[arg-type]


def made(*notices: Notice, locale: str | None = "en", name: str = "Ana", wish: Wish = WISH) -> Digest:
    return digest(TEMPLATE, Recipient(user_id="ana", locale=locale), name, notices or [notice()], wish)


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


class Strict(HTMLParser):
    """Keeps the tags of a page, and fails where one is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Strict()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser.tags


@pytest.mark.parametrize(
    ("locale", "language", "direction"),
    [
        ("en", "en", "ltr"),
        ("es-AR", "es", "ltr"),
        ("fr_CA", "fr", "ltr"),
        ("de", "de", "ltr"),
        ("ar-EG", "ar", "rtl"),
        ("AR", "ar", "rtl"),
        ("ja", "en", "ltr"),
        ("", "en", "ltr"),
        (None, "en", "ltr"),
    ],
)
def test_a_digest_speaks_the_language_of_the_person(locale: str | None, language: str, direction: str) -> None:
    written = made(notice(), notice("Carl"), locale=locale)

    [page] = [values for tag, values in tags(written.html) if tag == "html"]
    assert written.language == language and page == {"lang": language, "dir": direction}
    words = TEMPLATE.words[language]
    assert words.unsubscribe in written.text and "2" in written.subject
    assert written.text.count("{{") == written.html.count("{{") == 0


def test_the_subject_names_the_application_and_the_title_of_one_alone() -> None:
    wish = Wish(sender="Example School", links=WISH.links)

    assert made(notice("Bob"), wish=wish).subject == "Bob · Example School"
    assert made(notice("Bob"), notice("Carl"), wish=wish).subject == "2 new notifications · Example School"


@pytest.mark.parametrize("evil", EVIL)
def test_no_name_or_text_adds_a_header_or_a_tag(evil: str) -> None:
    wish = Wish(sender=evil, links=WISH.links)
    sender = Sender(address="no-reply@example.com", name=evil)
    envelope = Envelope(sender=sender, to="ana@example.org", key="k", at_ms=AT_MS, unsubscribe_url=URL)
    harmless = parsed(message(made(), envelope))

    for written in (made(notice(evil, evil), name=evil, wish=wish), made(notice(evil), notice(evil), wish=wish)):
        raw = message(written, envelope)
        mail = parsed(raw)

        assert mail.keys() == harmless.keys() and "Bcc" not in mail
        assert not mail.defects
        assert mail["From"].addresses[0].addr_spec == "no-reply@example.com"
        assert str(mail["Subject"]) == written.subject
        assert all(len(line) <= 998 for line in raw.split(b"\r\n")) and b"\n" not in raw.replace(b"\r\n", b"")
        assert raw.isascii() and re.search(rb"\r[^\n]", raw) is None
        assert "script" not in {tag for tag, _ in tags(written.html)}
        assert {values["href"] for tag, values in tags(written.html) if tag == "a"} == {
            URL,
            "https://app.example.com/c/con_1?a=1&b=2",
        }
        assert part(mail, "html").replace("\r\n", "\n") == written.html


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_title_and_name_give_a_message_that_reads_back(title: str, name: str) -> None:
    written = made(notice(title, name), name=name)
    mail = parsed(message(written, ENVELOPE))

    assert mail.keys().count("Subject") == 1 and set(mail.keys()) <= HEADERS
    assert part(mail, "plain").replace("\r\n", "\n") == written.text
    tags(written.html)


HEADERS = {
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language", "MIME-Version", "Content-Type"),
}


def test_the_headers_let_people_leave_and_machines_stay_silent() -> None:
    raw = message(made(), ENVELOPE)
    mail = parsed(raw)

    assert set(mail.keys()) == HEADERS
    assert f"List-Unsubscribe: <{URL}>\r\n".encode() in raw  # neither folded nor encoded
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<a1b2c3@example.com>"
    assert mail["Reply-To"] == "help@example.com" and mail["Content-Language"] == "en"
    assert [each.get_content_type() for each in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_same_digest_gives_the_same_bytes() -> None:
    assert message(made(), ENVELOPE) == message(made(), ENVELOPE)


def test_names_of_another_direction_are_kept_apart() -> None:
    written = made(notice("مريم", "Hello"), name="مريم")

    assert written.subject == "\u2068مريم\u2069 · Parley"
    assert "Hello \u2068مريم\u2069," in written.text
    assert "<bdi>مريم</bdi>" in written.html
    assert isolated("Ana") == "Ana"


def test_texts_are_shown_only_if_the_person_wants_them() -> None:
    silent = Wish(sender="Parley", links=WISH.links, previews=False)

    assert "a secret" in made(notice("Bob", "a secret")).text
    for shown in (made(notice("Bob", "a secret"), wish=silent), made(notice("B", "a secret"), notice(), wish=silent)):
        assert "a secret" not in shown.text and "a secret" not in shown.html


def test_without_an_address_of_the_app_there_is_no_link_to_it() -> None:
    written = made(wish=Wish(sender="Parley", links=Links(unsubscribe=URL)))

    assert [values["href"] for tag, values in tags(written.html) if tag == "a"] == [URL]


def test_a_digest_shows_fifty_and_counts_the_others() -> None:
    whole = made(*[notice(f"Bob {number}") for number in range(MAX_ENTRIES)])
    more = made(*[notice(f"Bob {number}") for number in range(MAX_ENTRIES + 7)])

    assert f"Bob {MAX_ENTRIES - 1}" in whole.html and "are waiting" not in whole.html
    assert f"Bob {MAX_ENTRIES}" not in more.html and "7 more are waiting" in more.html + more.text
    assert more.subject == f"{MAX_ENTRIES + 7} new notifications · Parley"


def test_a_digest_stays_below_what_gmail_shows() -> None:
    written = made(*[notice("&" * 100, "<" * 300) for _ in range(MAX_ENTRIES)])

    assert len(written.html.encode()) <= MAX_HTML_BYTES + 2_000
    [left] = re.findall(r"([0-9]+) more are waiting", written.text)
    assert f"<bdi>{left}</bdi> more are waiting" in written.html
    shown = [text.count("29 November 2025") for text in (written.text, written.html)]
    assert [int(left)] * 2 == [MAX_ENTRIES - count for count in shown]


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en", "29 November 2025, 22:30"),
        ("es", "29 de noviembre de 2025, 22:30"),
        ("fr", "29 novembre 2025 à 22:30"),
        ("de", "29. November 2025, 22:30 Uhr"),
        ("ar", "29 نوفمبر 2025، 22:30"),
    ],
)
def test_times_are_of_the_persons_own_language_and_zone(locale: str, written: str) -> None:
    there = Recipient(user_id="ana", locale=locale, time_zone="Asia/Tokyo")

    assert f"{written}\n" in digest(TEMPLATE, there, "Ana", [notice()], WISH).text
    assert f"{written.replace('22', '13')} UTC\n" in made(locale=locale).text


def test_german_addresses_people_in_one_form() -> None:
    notices = (mail_templates.FOLDER.parent / "notices" / "de.toml").read_text(encoding="utf-8")
    mails = " ".join(getattr(TEMPLATE.words["de"], name) for name in Language.__struct_fields__)

    assert re.findall(r"\b(?:du|dich|dir|deine?[rsmn]?)\b", f"{mails} {notices}", re.IGNORECASE) == []


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ana@example.org", "ana@example.org"),
        ("a.b+c@bücher.example", "a.b+c@xn--bcher-kva.example"),
        ("josé@example.org", None),
        ("ana@localhost", None),
        ("ana@example.org\r\nBcc: x@y.z", None),
        ("ana@exam ple.org", None),
        ("a" * 65 + "@example.org", None),
        ("ana@" + "a" * 64 + ".org", None),
        ("@example.org", None),
        ("ana", None),
        ("", None),
        (None, None),
        ("ana@" + ".".join(["a" * 60] * 5), None),
        ('"a b"@example.org', None),
    ],
)
def test_an_address_is_sendable_or_none(address: str | None, written: str | None) -> None:
    assert sendable(address) == written


def test_an_address_that_is_none_makes_no_message() -> None:
    with pytest.raises(ValueError, match="no address"):
        message(made(), Envelope(sender=SENDER, to="nobody", key="k", at_ms=AT_MS, unsubscribe_url=URL))


def test_plain_text_is_cut_with_an_ellipsis() -> None:
    assert plain("a" * 100, 100) == "a" * 100
    assert plain("a" * 101, 100) == "a" * 99 + "…"
    assert plain(" a\t\r\n b ") == "a b"


# --- the template's file ---------------------------------------------------------------------------------------------


def test_the_shipped_template_speaks_five_languages() -> None:
    assert [*TEMPLATE.words] == ["en", "es", "fr", "de", "ar"]
    assert [one.source for one in mail_templates.check_all()] == ["default.toml"]


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("{{entries}}{{more}}<tr>", "{{more}}<tr>", r"html\.page: \{\{entries\}\} is missing"),
        (' <a href="{{unsubscribe_url}}"', " <a", r"html\.page: \{\{unsubscribe_url\}\} is missing"),
        ("<title>{{subject}}", "<title>{{subjekt}}", r"\{\{subjekt\}\} is unknown here; known: .*mean `subject`\?"),
        ("Hello {{name}},", "Hello {{nam}},", r"words\.en\.greeting: \{\{nam\}\} is unknown here"),
        ('open = "Open"\n', "", r"words\.en: .*missing required field `open`"),
        ('open = "Open"', 'open = " "', r"words\.en\.open: "),
        ('open = "Open"', 'opened = "Open"', r"words\.en: .*unknown field `opened`"),
        ('direction = "rtl"', 'direction = "up"', r"words\.ar\.direction: Invalid enum value 'up'"),
        ("[words.en]", "[words.pt]", r"words: `en` is missing"),
        ("January ", "", r"words\.en\.months: 11 months instead of 12"),
        ("{{day}} {{month}}", "{{dya}} {{month}}", r"words\.en\.time: \{\{dya\}\} is unknown here"),
        ("[words.de]", "[words.GERMAN-]", r"words\.GERMAN-: a language is a tag"),
        ("[text]", "[txt]", "unknown field `txt`"),
        ("[text]", "[text", "default.toml:[0-9]+: "),
    ],
)
def test_a_mistake_in_a_template_is_named_with_its_line(old: str, new: str, mistake: str) -> None:
    assert old in SHIPPED

    with pytest.raises(MailTemplateError, match=rf"^default\.toml:[0-9]+: .*{mistake}|^{mistake}"):
        load(SHIPPED.replace(old, new, 1), "default.toml")


def test_a_mistake_lists_each_placeholder_once() -> None:
    with pytest.raises(MailTemplateError) as refused:
        load(SHIPPED.replace("<title>{{subject}}", "<title>{{subjekt}}", 1), "default.toml")

    known = re.findall(r"\{\{(\w+)\}\}", str(refused.value))
    assert "entries" in known and len(known) == len(set(known))


def test_the_deployments_own_template_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SHIPPED.replace("Hello {{name}}", "Dear {{name}}"), encoding="utf-8")
    monkeypatch.setattr(mail_templates, "FOLDER", tmp_path)
    monkeypatch.setenv("MAIL_TEMPLATE", "mine")

    assert mail_templates.current().words["en"].greeting == "Dear {{name}},"


@pytest.mark.parametrize(("name", "status"), [("default", 0), ("defualt", 1)])
def test_templates_can_be_checked_from_the_command_line(name: str, status: int) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "parley.adapters.notifications.mail_templates"],
        env={"PYTHONPATH": str(mail_templates.FOLDER.parents[1]), "MAIL_TEMPLATE": name},
        capture_output=True,
        text=True,
    )

    said = checked.stdout if status == 0 else checked.stderr
    assert checked.returncode == status
    assert said.strip() == (
        "Every template of e-mails is right: default.toml."
        if status == 0
        else "MAIL_TEMPLATE=defualt: no such template; the templates are default"
    )
