"""The people of the demo page, and what they have said already: made through the API, as any client would."""

import asyncio
import json
import struct
import urllib.parse
import urllib.request
import uuid
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from local.rest import Request, RestApi
from local.tokens import Wanted
from parley.domain.api import bodies
from parley.domain.api.errors import Invalid, Unprocessable

Json = dict[str, Any]
Mint = Callable[[Wanted], Awaitable[str]]  # signs a token and shows it to the authorizer; raises Refusal

CHECK_S = 0.2
CHECKS = 300  # of a file by the scanner, which imports its decoders first: a minute


class Persona(Struct, frozen=True, kw_only=True):
    """One of the demo's people. `screen` is the page that shows what their role is for."""

    user_id: str
    name: str
    role: str
    title: str
    system: str
    contexts: dict[str, list[str]] = {}
    screen: str = "chat"


PERSONAS = (
    Persona(
        user_id="demo-ada",
        name="Ada Rivera",
        role="teacher",
        title="Teacher",
        system="School",
        contexts={"class": ["7b"]},
    ),
    Persona(
        user_id="demo-sam",
        name="Sam Okafor",
        role="student",
        title="Student",
        system="School",
        contexts={"class": ["7b"]},
    ),
    Persona(user_id="demo-petra", name="Petra Lindqvist", role="parent", title="Parent", system="School"),
    Persona(
        user_id="demo-cleo",
        name="Cleo Marchetti",
        role="creator",
        title="Creator",
        system="Games and patterns",
        contexts={"block": ["castle-3"], "pattern": ["shawl-12"]},
    ),
    Persona(
        user_id="demo-yuki",
        name="田中ゆき",
        role="player",
        title="Player",
        system="Games",
        contexts={"block": ["castle-3"]},
    ),
    Persona(
        user_id="demo-basil",
        name="Basil Weber",
        role="customer",
        title="Buyer",
        system="Patterns",
        contexts={"pattern": ["shawl-12"]},
    ),
    Persona(
        user_id="demo-layla",
        name="ليلى حداد",
        role="customer",
        title="Customer",
        system="Travel",
        contexts={"booking": ["trip-204"]},
        screen="support",
    ),
    Persona(
        user_id="demo-otto",
        name="Otto Brandt",
        role="agent",
        title="Agent",
        system="Travel",
        contexts={"booking": ["trip-204"]},
        screen="desk",
    ),
    Persona(user_id="demo-grace", name="Grace Mwangi", role="admin", title="Admin", system="School", screen="admin"),
)
_BY_ID = {persona.user_id: persona for persona in PERSONAS}
# A program of the host: it keeps the canned replies, and gives a conversation its picture and link.
_HOST = Wanted(user_id="demo-host", role="service")
GROUP = "Spring fair 🌷"


class WantedPersona(Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `POST /local/demo/token`."""

    user_id: str


class Line(Struct, frozen=True):
    """One message of a seeded conversation."""

    who: str
    text: str
    reply_to: int | None = None  # index of an earlier line
    file: tuple[str, str, bytes] | None = None  # name, type, content
    reactions: tuple[tuple[str, str], ...] = ()  # who, emoji
    mentions: tuple[str, ...] = ()


class Demo:
    """The demo of one local stack."""

    def __init__(self, api: RestApi, mint: Mint, socket_port: int, socket_stage: str) -> None:
        self._api = api
        self._mint = mint
        self._socket_port = socket_port
        self._socket_stage = socket_stage
        self._seeding = asyncio.Lock()
        self._is_seeded = False
        self._tokens: dict[str, str] = {}

    def described(self) -> Json:
        """Returns what the page needs: where the API is, and who can be played. The host's name is the page's own."""
        return {
            "path": f"/{self._api.stage}",
            "socket_port": self._socket_port,
            "socket_path": f"/{self._socket_stage}",
            "personas": [to_builtins(persona) for persona in PERSONAS],
        }

    async def token(self, raw: bytes) -> str:
        """Returns a token for one of the demo's people; raises Invalid for anybody else."""
        wanted = bodies.decode(raw, WantedPersona)
        if wanted.user_id not in _BY_ID:
            raise Invalid.field("/user_id", "unknown", "`user_id` must be that of one of the demo's people.")
        return await self._mint(_signs_in(_BY_ID[wanted.user_id]))

    async def seed(self) -> None:
        """Makes the demo's conversations, files and tickets, once; raises Unprocessable if the stack refuses.

        Each request has a `client_id`, so a seeding that was broken off is continued. That it is done stands in the
        metadata of its group: a `client_id` of a message is forgotten after a day, that of a group never.
        """
        async with self._seeding:
            if not self._is_seeded:
                await self._seed()
            self._is_seeded = True

    async def _seed(self) -> None:
        self._tokens = {each.user_id: await self._mint(_signs_in(each)) for each in PERSONAS}
        self._tokens[_HOST.user_id] = await self._mint(_HOST)
        group = await self._group()
        if (group.get("metadata") or {}).get("demo") == "seeded":
            return
        await asyncio.gather(
            self._say("fair", group["id"], _FAIR, readers=("demo-grace", "demo-petra", "demo-cleo")),
            self._class(),
            self._block(),
            self._pattern(),
            self._booking(),
            self._general(),
            self._desk(),
        )
        changed = {"metadata": {"demo": "seeded"}}
        await self._call("demo-grace", "PATCH", f"/conversations/{group['id']}", changed)

    # --- conversations -----------------------------------------------------------------------------------------------

    async def _group(self) -> Json:
        members = ["demo-ada", "demo-sam", "demo-petra", "demo-cleo"]
        wanted = {"type": "group", "title": GROUP, "member_ids": members, "client_id": "demo-fair"}
        return await self._call("demo-grace", "POST", "/conversations", wanted)

    async def _class(self) -> None:
        about = {"type": "class", "id": "7b", "title": "Class 7b: volcanoes"}
        opened = await self._direct("demo-ada", "demo-sam", about)
        await self._say("class", opened, _CLASS, readers=("demo-ada",))

    async def _block(self) -> None:
        about = {"type": "block", "id": "castle-3", "title": "Castle, block 3"}
        opened = await self._direct("demo-yuki", "demo-cleo", about, "castle")
        sent = await self._say("block", opened, _BLOCK, readers=("demo-yuki", "demo-cleo"))
        # A moderator has something to decide.
        report = {"reason": "spam", "note": "The same line again and again."}
        await self._call("demo-cleo", "POST", f"/messages/{sent[-1]}/report", report)

    async def _pattern(self) -> None:
        about = {"type": "pattern", "id": "shawl-12", "title": "Fair Isle shawl No. 12"}
        opened = await self._direct("demo-basil", "demo-cleo", about, "shawl")
        await self._say("pattern", opened, _PATTERN, readers=("demo-basil",))

    async def _booking(self) -> None:
        about = {"type": "booking", "id": "trip-204", "title": "Trip 204: Lisbon"}
        opened = await self._direct("demo-layla", "demo-otto", about, "lisbon")
        await self._say("booking", opened, _BOOKING, readers=("demo-layla",))

    async def _general(self) -> None:
        opened = await self._direct("demo-petra", "demo-ada")
        await self._say("evening", opened, _EVENING, readers=("demo-petra", "demo-ada"))
        opened = await self._direct("demo-grace", "demo-otto")
        await self._say("shift", opened, _SHIFT, readers=("demo-grace",))

    async def _direct(self, who: str, other: str, context: Json | None = None, picture: str | None = None) -> str:
        """Opens a conversation, to which the host gives a picture and a link; returns its id."""
        wanted = {"type": "direct", "user_id": other, "context": context}
        opened = str((await self._call(who, "POST", "/conversations", wanted))["id"])
        if picture:
            shown = {"picture": f"/web/demo/{picture}.svg", "link": f"https://example.com/{picture}"}
            await self._call(_HOST.user_id, "PATCH", f"/conversations/{opened}", {"metadata": shown})
        return opened

    async def _say(
        self, name: str, conversation_id: str, lines: Sequence[Line], readers: Sequence[str] = ()
    ) -> list[str]:
        """Writes the lines of a conversation, and marks it as read by some; returns the messages' ids."""
        sent: list[str] = []
        for number, line in enumerate(lines):
            body: Json = {"text": line.text, "client_id": f"demo-{name}-{number}", "mentions": list(line.mentions)}
            if line.reply_to is not None:
                body["reply_to"] = sent[line.reply_to]
            if line.file:
                path = f"/conversations/{conversation_id}/attachments"
                body["attachment_ids"] = [await self._upload(line.who, path, f"demo-{name}-{number}", line.file)]
            message = await self._call(line.who, "POST", f"/conversations/{conversation_id}/messages", body)
            sent.append(message["id"])
            for who, emoji in line.reactions:
                path = f"/messages/{message['id']}/reactions/{urllib.parse.quote(emoji)}"
                await self._call(who, "PUT", path)
        for reader in readers:
            await self._call(reader, "PATCH", f"/conversations/{conversation_id}/read-all")
        return sent

    # --- the support desk --------------------------------------------------------------------------------------------

    async def _desk(self) -> None:
        for number, reply in enumerate(_CANNED):
            kept = {**reply, "client_id": f"demo-reply-{number}"}
            await self._call(_HOST.user_id, "POST", "/support/canned-replies", kept)
        ids = {"for": "ticket", "ticket_client_id": "demo-ticket-1"}
        file = await self._upload("demo-layla", "/attachments", "demo-ticket-1", _TICKET_FILE, ids)
        first = await self._ticket("demo-layla", 1, {**_TICKETS[0], "attachment_ids": [file]})
        await self._call("demo-otto", "POST", f"/support/tickets/{first}/take")
        note = {"text": "The airline has confirmed both seats by phone.", "client_id": "demo-note-1"}
        await self._call("demo-otto", "POST", f"/support/tickets/{first}/notes", note)
        reply = {"text": "Hello, I am looking into it: one moment, please.", "client_id": "demo-respond-1"}
        await self._call("demo-otto", "POST", f"/support/tickets/{first}/respond", reply)
        await self._ticket("demo-basil", 2, _TICKETS[1])
        third = await self._ticket("demo-layla", 3, _TICKETS[2])
        await self._call("demo-otto", "POST", f"/support/tickets/{third}/take")
        reply = {"text": "The invoice is in your mailbox now. Anything else?", "client_id": "demo-respond-3"}
        await self._call("demo-otto", "POST", f"/support/tickets/{third}/respond", reply)
        await self._call("demo-otto", "PATCH", f"/support/tickets/{third}", {"status": "resolved"})

    async def _ticket(self, who: str, number: int, wanted: Mapping[str, object]) -> str:
        body = {**wanted, "client_id": f"demo-ticket-{number}"}
        return str((await self._call(who, "POST", "/support/tickets", body))["id"])

    # --- files and requests ------------------------------------------------------------------------------------------

    async def _upload(
        self, who: str, path: str, client_id: str, file: tuple[str, str, bytes], more: Json | None = None
    ) -> str:
        """Uploads a file as a page does, and waits until it may be sent; returns the attachment's id."""
        name, content_type, content = file
        wanted = {"name": name, "type": content_type, "size": len(content), "client_id": client_id, **(more or {})}
        asked = await self._call(who, "POST", path, wanted)
        attachment, form = asked["attachment"], asked.get("upload")
        if attachment["state"] == "pending" and form:
            await asyncio.to_thread(_post_form, form["url"], form["fields"], content)
        for _ in range(CHECKS):
            described = await self._call(who, "GET", f"/attachments/{attachment['id']}")
            state = described["attachment"]["state"]
            if state == "clean":
                return str(attachment["id"])
            if state not in ("pending", "scanning"):
                break
            await asyncio.sleep(CHECK_S)
        raise Unprocessable("demo_not_made", f"The demo's file {name} was not accepted; the log says why.")

    async def _call(self, who: str, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        headers = [("Authorization", f"Bearer {self._tokens[who]}"), ("Accept", "application/json")]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        raw = b"" if body is None else json.dumps({k: v for k, v in body.items() if v is not None}).encode()
        answer = await self._api.handle(Request(method, f"/{self._api.stage}{path}", headers, raw))
        if answer.status >= 400:
            said = answer.body.decode(errors="replace")[:300]
            detail = f"The demo's {method} {path} as {who} was answered with {answer.status}: {said}"
            raise Unprocessable("demo_not_made", f"{detail} `make reset` begins anew.")
        value: Json = json.loads(answer.body or b"{}")
        return value


def _signs_in(persona: Persona) -> Wanted:
    return Wanted(persona.user_id, persona.name, persona.role, persona.contexts or None)


def _post_form(url: str, fields: Mapping[str, str], content: bytes) -> None:
    """Posts a presigned form (RFC 7578), the file last; raises OSError if the store does not take it."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n'.encode())
    body = b"".join([*parts, content, f"\r\n--{boundary}--\r\n".encode()])
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        answer.read()


# --- what they say ---------------------------------------------------------------------------------------------------


def _picture(rows: Sequence[str], colours: Mapping[str, tuple[int, int, int]], scale: int = 20) -> bytes:
    """Returns a PNG of coloured squares, one for each character."""
    lines = []
    for row in rows:
        line = b"\0" + b"".join(bytes(colours[square]) * scale for square in row)
        lines.append(line * scale)
    header = struct.pack(">IIBBBBB", len(rows[0]) * scale, len(rows) * scale, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


_SHAWL = _picture(
    (
        "..#...#...#...#...#...#.",
        ".###.###.###.###.###.###",
        "..#...#...#...#...#...#.",
        "oooooooooooooooooooooooo",
        "o.o.o.o.o.o.o.o.o.o.o.o.",
        "###..######..######..###",
        "##.##.####.##.####.##.##",
        "#.####.##.####.##.####.#",
        ".######..######..######.",
        "#.####.##.####.##.####.#",
        "##.##.####.##.####.##.##",
        "###..######..######..###",
        "o.o.o.o.o.o.o.o.o.o.o.o.",
        "oooooooooooooooooooooooo",
    ),
    {".": (247, 241, 229), "#": (124, 58, 142), "o": (218, 139, 60)},
)
_VOLCANO = _picture(
    (
        "~~~~~~~~~~~~r~~~~~~~~~~~",
        "~~~~~~~~~~rr~r~~~~~~~~~~",
        "~~~~~~~~~~~r~rr~~~~~~~~~",
        "~~~~~~~~~~~rrr~~~~~~~~~~",
        "~~~~~~~~~~mrrrm~~~~~~~~~",
        "~~~~~~~~~mmmrmmm~~~~~~~~",
        "~~~~~~~~mmmmrrmmm~~~~~~~",
        "~~~~~~~mmmmmmrmmmm~~~~~~",
        "~~~~~~mmmmmmmrrmmmm~~~~~",
        "~~~~~mmmmmmmmmrmmmmm~~~~",
        "~~~~mmmmmmmmmmrrmmmmm~~~",
        "gggmmmmmmmmmmmmrmmmmmmgg",
        "gggggggggggggggggggggggg",
        "gggggggggggggggggggggggg",
    ),
    {"~": (186, 221, 240), "r": (224, 84, 52), "m": (106, 88, 84), "g": (118, 160, 92)},
)
_PACKING = b"""Lisbon, 12 to 16 May

- passports
- comfortable shoes
- a thin jacket for the evenings by the river
"""
_TICKET_FILE = (
    "booking-204.txt",
    "text/plain",
    b"Trip 204\nLisbon, 12 to 16 May\n2 travellers\nSeats: not confirmed\n",
)

_CLASS = (
    Line("demo-ada", "Hi Sam, how is your **volcano** coming along?"),
    Line("demo-sam", "Nearly done! I have painted the cross-section.", file=("volcano.png", "image/png", _VOLCANO)),
    Line("demo-ada", "That is lovely.", reply_to=1, reactions=(("demo-sam", "❤️"),)),
    Line(
        "demo-ada", "Three things for Thursday:\n\n1. label the *magma chamber*\n2. add your sources\n3. practise once"
    ),
    Line("demo-sam", "Do the sources go on the back?", reactions=(("demo-ada", "👍"),)),
    Line("demo-ada", "Yes, on the back. See https://en.wikipedia.org/wiki/Stratovolcano for the words."),
)
_BLOCK = (
    Line("demo-yuki", "The drawbridge stays open after the second wave. Is that how it should be?"),
    Line("demo-cleo", "No, that is a bug. Which level were you on?", reactions=(("demo-yuki", "👍"),)),
    Line("demo-yuki", "`castle-3`, on hard. 橋が閉まらない 😮"),
    Line("demo-cleo", "Fixed in the next build. Thank you for testing! 🎉", reactions=(("demo-yuki", "🎉"),)),
    Line("demo-yuki", "Free gems for everyone, click here, click here, click here!"),
)
_PATTERN = (
    Line("demo-basil", "Does the shawl work in one colour less?"),
    Line(
        "demo-cleo", "It does. Leave out the orange border: here is the chart.", file=("chart.png", "image/png", _SHAWL)
    ),
    Line("demo-basil", "Beautiful, thank you.", reply_to=1, reactions=(("demo-cleo", "😊"),)),
    Line("demo-cleo", "Row 7 has a mistake in the first edition, by the way. I have sent you the new one."),
)
_BOOKING = (
    Line("demo-layla", "مرحبا، هل يمكنني تغيير موعد الرحلة؟"),
    Line("demo-otto", "Hello! Yes, until two weeks before you leave. Which day would suit you?"),
    Line("demo-layla", "The 12th of May, please. شكرا 🙏"),
    Line("demo-otto", "Done. This may help you to pack.", file=("packing-list.txt", "text/plain", _PACKING)),
)
_EVENING = (
    Line("demo-petra", "Good evening, could we talk about Nils for ten minutes this week?"),
    Line("demo-ada", "Of course: Wednesday at four?", reactions=(("demo-petra", "👍"),)),
    Line("demo-petra", "Perfect."),
)
_SHIFT = (
    Line("demo-grace", "Otto, who has the desk on Friday?"),
    Line("demo-otto", "I do, until six."),
)
_FAIR = (
    Line("demo-grace", "Welcome, everyone. The fair is on the **9th of May**, from ten to four."),
    Line("demo-petra", "I can bring two cakes and a *very* large thermos.", reactions=(("demo-grace", "❤️"),)),
    Line("demo-cleo", "Shall I make the poster?", reactions=(("demo-grace", "👍"), ("demo-petra", "👍"))),
    Line("demo-ada", "@Sam Okafor could show his volcano!", mentions=("demo-sam",)),
    Line("demo-grace", "> could show his volcano\n\nYes, please. Who helps to set up the tables at nine?"),
)
_TICKETS = (
    {
        "subject": "My seats are not confirmed",
        "description": "The page says *pending* for trip 204 since Monday. Can you look into it?",
        "priority": "high",
        "context": {"type": "booking", "id": "trip-204"},
        "tags": ["seats"],
    },
    {
        "subject": "The PDF of the pattern is empty",
        "description": "I bought shawl No. 12 today, and the file has no pages.",
        "tags": ["download"],
    },
    {
        "subject": "I need an invoice",
        "description": "Could you send me an invoice for the last trip?",
        "priority": "low",
    },
)
_CANNED = (
    {"title": "Greeting", "shortcut": "/hello", "text": "Hello {{requester.name}}, this is {{agent.name}}."},
    {
        "title": "We look into it",
        "shortcut": "/look",
        "text": "We look into ticket {{ticket.number}} and answer today.",
    },
)
