"""A conversation as one HTML file to read, print and keep: the file fetches nothing and runs nothing.

All user text goes through `_text`. The policy at the file's top (CSP) lets a browser apply this very style sheet and
nothing else, even if `_text` should miss something. Each name and each text has a direction of its own.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from types import MappingProxyType
from urllib.parse import quote
from zlib import crc32

from msgspec import Struct

from parley.domain.api.types import Message, MessageAttachment
from parley.domain.attachments.usage import size_text
from parley.domain.exports.job import About, AboutConversation, Person

QUOTED_CHARACTERS = 160
HUES = 8
_MEMBERS_SHOWN = 50

_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n\r"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

STYLE = """
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--ink:#1c1e21;--dim:#65696f;--line:#e3e5e8;--quote:#f1f3f5;
--link:#1f5fbf}
@media(prefers-color-scheme:dark){:root{--page:#16181b;--card:#1f2226;--ink:#e8eaed;--dim:#9aa0a6;--line:#33373d;
--quote:#292d32;--link:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","Helvetica Neue",Arial,sans-serif,"Apple Color Emoji","Noto Color Emoji"}
main,header.top,footer{max-width:46rem;margin:0 auto;padding:0 1.25rem}
header.top{padding-top:2.5rem;padding-bottom:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
header.top p{margin:.25rem 0;color:var(--dim)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0 0;padding:1rem 1.25rem;
background:var(--card);border:1px solid var(--line);border-radius:12px;font-size:.9rem}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
h2{display:flex;align-items:center;gap:1rem;margin:2rem 0 .75rem;color:var(--dim);font-size:.85rem;font-weight:600}
h2::before,h2::after{content:"";flex:1;height:1px;background:var(--line)}
article{position:relative;padding:.35rem .5rem .35rem 3.25rem;border-radius:8px;scroll-margin-top:1rem;
content-visibility:auto;contain-intrinsic-size:auto 4rem}
article:target{background:var(--quote)}
article.first{margin-top:.6rem}
.face{position:absolute;inset-inline-start:.25rem;top:.5rem;width:2.25rem;height:2.25rem;border-radius:50%;
display:grid;place-items:center;color:#fff;font-weight:600;font-size:.95rem;user-select:none}
.who{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .6rem}
.who b{overflow-wrap:anywhere}
time,.mark{color:var(--dim);font-size:.8rem;font-weight:400;white-space:nowrap}
article>time{position:absolute;inset-inline-start:.25rem;top:.55rem;width:2.5rem;font-size:.7rem;text-align:center;
opacity:0}
article:hover>time{opacity:1}
.text{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
.data{margin:.35rem 0 .1rem;padding:.3rem .75rem;background:var(--quote);border-radius:4px;color:var(--dim);
font:.8rem/1.4 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.gone{color:var(--dim);font-style:italic;margin:0}
.note p{margin:0;display:inline}
.note{text-align:center;color:var(--dim);font-size:.85rem;padding-inline-start:.5rem}
.quote{display:block;margin:.15rem 0 .25rem;padding:.3rem .75rem;border-inline-start:3px solid var(--line);
background:var(--quote);border-radius:4px;color:var(--dim);font-size:.88rem;text-decoration:none;
overflow-wrap:anywhere}
a.quote:hover{color:var(--link)}
.quote b{font-weight:600}
ul{list-style:none;display:flex;flex-wrap:wrap;gap:.35rem;margin:.35rem 0 .1rem;padding:0}
li{border:1px solid var(--line);background:var(--card);border-radius:999px;padding:.05rem .55rem;font-size:.85rem}
li.mine{border-color:var(--link);color:var(--link)}
li.file{border-radius:6px}
li.file a{color:var(--link)}
li.file img{display:block;max-width:10rem;max-height:10rem;margin:.3rem 0;border-radius:4px}
li.file audio{display:block;max-width:100%;margin:.3rem 0}
footer{padding:2.5rem 1.25rem 3rem;color:var(--dim);font-size:.85rem;text-align:center}
.c0{background:#b3403a}.c1{background:#a3572a}.c2{background:#7a6a1a}.c3{background:#3f7a35}
.c4{background:#1f7a78}.c5{background:#2b69b0}.c6{background:#6a4fb3}.c7{background:#a63d82}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--dim:#555;--line:#ccc;--quote:#f6f6f6;
--link:#000}body{font-size:11pt}article{break-inside:avoid;content-visibility:visible}h2{break-after:avoid}
.face,li{print-color-adjust:exact}main,header.top,footer{max-width:none;padding-left:0;padding-right:0}
article>time{opacity:1}}
"""

_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()

Names = Mapping[str, str | None]

_THUMBNAIL_TYPES = ("image/jpeg", "image/png", "image/webp")

_NOTES = {
    "group_created": "{who} made the group “{title}”.",
    "group_dissolved": "{who} dissolved the group.",
    "members_added": "{who} added {whom}{as_role}.",
    "member_removed": "{who} removed {whom}.",
    "member_left": "{who} left.",
    "role_changed": "{who} made {whom} {role}.",
    "title_changed": "{who} changed the title to “{title}”.",
    "description_changed": "{who} changed the description.",
    "posting_changed": "{who} changed who may write.",
    "slow_mode_changed": "{who} changed the slow mode.",
    "history_changed": "{who} changed how far back new members see.",
    "closed": "{who} closed the conversation.",
    "reopened": "{who} opened the conversation again.",
    "call_missed": "{who} called.",
}


class Shown(Struct, frozen=True, kw_only=True):
    """A file on the page: the address of its thumbnail and the path of the file itself, if it has them."""

    image: str = ""
    link: str = ""
    is_missing: bool = False  # of an archive that should have it


class Line(Struct, frozen=True, kw_only=True):
    """One message with its neighbours: the message before it in the file, and the message that it answers."""

    message: Message
    before: Message | None
    answered: Message | None


def top(about: About, *, is_archive: bool = False) -> str:
    """Returns the file's beginning: its title, its people, and its time."""
    title = about.conversation.title or _two_names(about.members) or "Conversation"
    shown = about.members[:_MEMBERS_SHOWN]
    more = len(about.members) - len(shown)
    people = ", ".join(_name(person.user_id, {person.user_id: person.name}) for person in shown)
    rows = [
        ("Members", people + (f" and {more} more" if more else "")),
        ("Messages", f"{about.message_count:,}"),
        ("Begun", _moment(about.conversation.created_at)),
        ("Exported", f"{_moment(about.exported_at)} for {_name(about.exported_by, _names(about.members))}"),
        ("Times", "UTC"),
    ]
    if about.conversation.context is not None:
        topic = about.conversation.context
        rows.insert(1, ("About", f'<bdi dir="auto">{_text(" ".join(filter(None, (topic.type, topic.id))))}</bdi>'))
    described = about.conversation.description
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_policy(is_archive))}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header class="top">\n<h1 dir="auto">{_text(title)}</h1>\n'
        + (f'<p dir="auto">{_text(described)}</p>\n' if described else "")
        + "<dl>\n"
        + "".join(f"<dt>{name}</dt><dd>{value}</dd>\n" for name, value in rows)
        + f"</dl>\n{_custom_data(about.conversation)}</header>\n<main>\n"
    )


def bottom(about: About) -> str:
    """Returns the file's end."""
    count = about.message_count
    what = "Nobody has written anything yet." if count == 0 else f"End of the export: message {count:,} is the last."
    return f"</main>\n<footer>{what}</footer>\n</body>\n</html>\n"


def article(line: Line, names: Names, files: Mapping[str, Shown] = MappingProxyType({})) -> str:
    """Returns one message under the heading of its day if it is the day's first; `files` are its files by id."""
    message, before = line.message, line.before
    is_new_day = before is None or _day(before.created_at) != _day(message.created_at)
    heading = f"<h2>{_long_day(message.created_at)}</h2>\n" if is_new_day else ""
    if message.kind == "system":
        return (
            f'{heading}<article id="m{message.seq}" class="note">{_told(message, names)} {_time(message)}</article>\n'
        )
    is_first = is_new_day or before is None or _shows_sender(message, before)
    classes = ' class="first"' if is_first else ""
    marks = _tags(message)
    who = ""
    if is_first:
        who = (
            f'<span class="face c{_hue(message.sender_id)}" aria-hidden="true">{_initial(message.sender_id, names)}'
            f'</span><div class="who"><b>{_name(message.sender_id, names)}</b>{_time(message)}{marks}</div>\n'
        )
    return (
        f'{heading}<article id="m{message.seq}"{classes}>{who}'
        + ("" if is_first else _time(message))
        + _origin(message, names)
        + _quote(line, names)
        + _said(message)
        + _custom_data(message)
        + ("" if is_first else marks)
        + _files(message, files)
        + _reactions(message)
        + "</article>\n"
    )


def people_in(lines: Iterable[Line]) -> set[str]:
    """Returns the ids of all people whose names these messages show."""
    found: set[str] = set()
    for line in lines:
        message = line.message
        found.add(message.sender_id)
        if message.system is not None:
            found.update(message.system.user_ids)
        if message.forwarded_from is not None:
            found.add(message.forwarded_from.sender_id)
        if line.answered is not None:
            found.add(line.answered.sender_id)
    return found


def _shows_sender(message: Message, before: Message) -> bool:
    """Says whether a message shows its sender's name again: another user wrote before, or ten minutes passed."""
    if before.kind == "system" or before.sender_id != message.sender_id or message.reply_to or message.forwarded_from:
        return True
    return (_at(message.created_at) - _at(before.created_at)).total_seconds() > 600


def _told(message: Message, names: Names) -> str:
    """Returns a system message's sentence, with names; its own words if the event is not known here."""
    note = message.system
    if note is None or note.event not in _NOTES or message.deleted_at is not None:
        return _said(message)
    whom = ", ".join(_name(user_id, names) for user_id in note.user_ids) or "nobody"
    said = _NOTES[note.event].format(
        who=_name(message.sender_id, names),
        whom=whom,
        role=_text(note.role or ""),
        as_role=f" as {_text(note.role)}" if note.role else "",
        title=f'<bdi dir="auto">{_text(note.title or "")}</bdi>',
    )
    return f"<p>{said}</p>"


def _said(message: Message) -> str:
    if message.deleted_at is not None:
        return '<p class="gone">This message was deleted.</p>'
    return f'<p class="text" dir="auto">{_text(message.text)}</p>' if message.text else ""


def _custom_data(subject: Message | AboutConversation) -> str:
    """Returns the data that the product attached: the `custom_type`, and the metadata as indented JSON."""
    found = "" if subject.custom_type is None else f'<p class="mark">{_text(subject.custom_type)}</p>'
    if subject.metadata is None:
        return found
    written = json.dumps(subject.metadata, ensure_ascii=False, indent=1)
    return f'{found}<p class="data" dir="ltr">{_text(written)}</p>'


def _tags(message: Message) -> str:
    marks = ["written by the host"] if message.via is not None else []
    if message.pinned:
        marks.append("pinned")
    if message.edited_at is not None and message.deleted_at is None:
        marks.append(f'<span title="{_moment(message.edited_at)} UTC">edited</span>')
    return f'<span class="mark">{" · ".join(marks)}</span>' if marks else ""


def _origin(message: Message, names: Names) -> str:
    origin = message.forwarded_from
    if origin is None:
        return ""
    return f'<span class="mark">Forwarded from {_name(origin.sender_id, names)}, {_moment(origin.created_at)}</span>\n'


def _quote(line: Line, names: Names) -> str:
    if line.message.reply_to is None:
        return ""
    answered = line.answered
    if answered is None or answered.deleted_at is not None:
        return '<span class="quote"><i>In reply to a message that was deleted.</i></span>\n'
    words = answered.text or _named_files(answered) or answered.custom_type or ""
    cut = words[:QUOTED_CHARACTERS] + ("…" if len(words) > QUOTED_CHARACTERS else "")
    return (
        f'<a class="quote" href="#m{answered.seq}"><b>{_name(answered.sender_id, names)}</b> '
        f'<bdi dir="auto">{_text(cut)}</bdi></a>\n'
    )


def _named_files(message: Message) -> str:
    """Returns what a message without text consists of: "2 pictures", or the name of a single file."""
    files = message.attachments
    if message.kind == "voice" and files:
        return _voice(files[0])
    all_pictures = all(attachment.kind == "image" for attachment in files)
    if len(files) == 1:
        return "Picture" if all_pictures else files[0].name
    return f"{len(files)} {'pictures' if all_pictures else 'files'}" if files else ""


def embedded(type: str, image: bytes) -> str:
    """Returns the address of a thumbnail within the page itself, which fetches nothing; empty for other types."""
    return f"data:{type};base64,{b64encode(image).decode()}" if type in _THUMBNAIL_TYPES else ""


def _policy(is_archive: bool) -> str:
    """Returns the page's policy; that of an archive shows and plays the files beside it, in a folder or on a server."""
    images = "'self' file:" if is_archive else "data:"
    sounds = "media-src 'self' file:; " if is_archive else ""
    rules = f"img-src {images}; {sounds}base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; {rules}"


def _files(message: Message, files: Mapping[str, Shown]) -> str:
    if not message.attachments:
        return ""
    is_voice = message.kind == "voice"
    items = "".join(
        _file(attachment, files.get(attachment.id, Shown()), is_voice=is_voice) for attachment in message.attachments
    )
    return f"<ul>{items}</ul>"


def _file(attachment: MessageAttachment, shown: Shown, *, is_voice: bool) -> str:
    image = f'<img alt="" src="{_text(shown.image)}">' if shown.image else ""
    named = f'{image}<bdi dir="auto">{_text(_voice(attachment) if is_voice else attachment.name)}</bdi>'
    path = _text(quote(shown.link))
    if path:
        named = f'<a href="{path}">{named}</a>'
    player = f'<audio controls="" preload="none" src="{path}"></audio>' if path and is_voice else ""
    facts = [] if is_voice else _facts(attachment)
    if shown.is_missing:
        facts.append("missing")
    marks = f' <span class="mark">{" · ".join(facts)}</span>' if facts else ""
    return f'<li class="file">{named}{marks}{player}</li>'


def _voice(recording: MessageAttachment) -> str:
    return f"Voice message, {_duration(recording.duration_ms or 0)}"


def _facts(attachment: MessageAttachment) -> list[str]:
    """Returns how large a file is, and how long it takes to play or read."""
    facts = [size_text(attachment.size)]
    if attachment.duration_ms is not None:
        facts.append(_duration(attachment.duration_ms))
    if attachment.pages is not None:
        facts.append("1 page" if attachment.pages == 1 else f"{attachment.pages} pages")
    return facts


def _duration(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


def _reactions(message: Message) -> str:
    if not message.reactions:
        return ""
    items = "".join(
        f'<li class="{"mine" if reaction.mine else "theirs"}"><bdi>{_text(reaction.emoji)}</bdi> {reaction.count}</li>'
        for reaction in message.reactions
    )
    return f"<ul>{items}</ul>"


def _text(written: str) -> str:
    """Returns a user's text as HTML: it shows exactly the text, and nothing in it is markup.

    Control characters, which HTML does not allow, are shown as U+FFFD.
    """
    return escape(written.translate(_CONTROLS), quote=True)


def _name(user_id: str, names: Names) -> str:
    return f'<bdi dir="auto">{_text(names.get(user_id) or user_id)}</bdi>'


def _initial(user_id: str, names: Names) -> str:
    shown = (names.get(user_id) or user_id).lstrip()
    return f"<bdi>{_text(shown[:1].upper())}</bdi>"


def _names(members: Iterable[Person]) -> Names:
    return {member.user_id: member.name for member in members}


def _two_names(members: Iterable[Person]) -> str:
    listed = [member.name or member.user_id for member in members]
    return " and ".join(listed) if len(listed) == 2 else ""


def _hue(user_id: str) -> int:
    return crc32(user_id.encode()) % HUES


def _at(time: str) -> datetime:
    return datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(UTC)


def _day(time: str) -> str:
    return time[:10]


def _long_day(time: str) -> str:
    at = _at(time)
    return f'<time datetime="{_day(time)}">{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year}</time>'


def _time(message: Message) -> str:
    return f'<time datetime="{message.created_at}">{message.created_at[11:16]}</time>'


def _moment(time: str) -> str:
    at = _at(time)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {time[11:16]}"
