"""A message as a client holds it: the rules of the guide's chapter "Changes"."""

from typing import Any

Json = dict[str, Any]

PREVIEW = ("id", "seq", "sender_id", "kind", "custom_type", "created_at", "change_seq", "deleted_at")
CUT_AT = 100  # characters of a notification's text


class HeldMessage:
    """The newest version of a message, and which reactions are the user's own.

    `is_cut`: the text is a notification's. `knows_mine`: it was read whole, or has been followed from its beginning.
    """

    def __init__(self, message: Json, *, is_cut: bool, knows_mine: bool) -> None:
        self._message = message
        self.is_cut = is_cut
        self.knows_mine = knows_mine
        self._read_at: int = message["change_seq"]  # the version of which `mine` is known
        self._mine = {one["emoji"] for one in message["reactions"] if one["mine"]} if knows_mine else set()
        self._own: dict[str, tuple[int, bool]] = {}  # by emoji, of events: the change_seq, and whether it was added
        # Of the newest version; None after it was read while it was hidden, because that does not say them.
        self.mentions: list[str] | None = None if message["hidden"] else list(message["mentions"])

    @property
    def seq(self) -> int:
        return int(self._message["seq"])

    @property
    def change_seq(self) -> int:
        return int(self._message["change_seq"])

    @property
    def is_hidden(self) -> bool:
        return bool(self._message["hidden"])

    @property
    def sender_id(self) -> str:
        return str(self._message["sender_id"])

    @property
    def is_by_host(self) -> bool:
        return self._message["via"] is not None

    @property
    def created_at(self) -> str:
        return str(self._message["created_at"])

    def shown(self, *, is_blocked: bool) -> Json:
        """Returns the message as the user sees it."""
        reactions = [one | {"mine": self._is_mine(one["emoji"])} for one in self._message["reactions"]]
        blocked = is_blocked and self._message["kind"] != "system"
        return self._message | {"reactions": reactions, "blocked": blocked}

    def listed(self, *, is_blocked: bool) -> Json | None:
        """ "If it is the `last_message`, show nothing there" of a hidden message; else what a list shows of it."""
        if self.is_hidden:
            return None
        blocked = is_blocked and self._message["kind"] != "system"
        text = self._message["text"][:CUT_AT]
        shown = {"text": text, "attachments": self._attachments_listed(), "blocked": blocked}
        shown |= {"system": self._note_listed()}
        return {name: self._message[name] for name in PREVIEW} | shown

    def _attachments_listed(self) -> Json | None:
        """ "The number of attachments, their kind, and the first name, cut to 60 characters"."""
        attachments = self._message["attachments"]
        if not attachments:
            return None
        kinds = {one["kind"] for one in attachments}
        kind = kinds.pop() if len(kinds) == 1 else "file"
        return {"count": len(attachments), "kind": kind, "name": attachments[0]["name"][:60]}

    def _note_listed(self) -> Json | None:
        """ "The first three of its people and their number, its title cut to 100 characters"."""
        note = self._message["system"]
        if note is None:
            return None
        count = len(note.get("user_ids", ()))
        cut: Json = {"user_ids": note["user_ids"][:3]} if count else {}
        cut |= {"user_count": count} if count > 3 else {}
        cut |= {"title": note["title"][:CUT_AT]} if "title" in note else {}
        return {**note, **cut}

    def _is_mine(self, emoji: str) -> bool:
        change_seq, is_on = self._own.get(emoji, (0, False))
        return is_on if change_seq > self._read_at else emoji in self._mine

    def take_read(self, message: Json) -> None:
        """ "A message from history, from `sync` or from an answer has `mine` of every emoji"."""
        if message["change_seq"] >= self.change_seq:
            self._read_at = message["change_seq"]
            self._mine = {one["emoji"] for one in message["reactions"] if one["mine"]}
            self.knows_mine = True
        self._take(message, is_cut=False, is_read=True, restores=True)

    def take_event(self, message: Json, *, is_cut: bool = False, restores: bool = False) -> bool:
        """ "Of each message keep the version with the greatest `change_seq`"; returns whether this was it."""
        return self._take(message, is_cut=is_cut, is_read=False, restores=restores)

    def take_own_reaction(self, emoji: str, change_seq: int, *, is_on: bool) -> None:
        """ "Sets it if the event's `change_seq` is greater, even if you hold a newer version of the message"."""
        if change_seq > self._own.get(emoji, (0, False))[0]:
            self._own[emoji] = (change_seq, is_on)

    def _take(self, new: Json, *, is_cut: bool, is_read: bool, restores: bool) -> bool:
        old = self._message
        as_new = new["change_seq"] == old["change_seq"] and (is_read or (self.is_cut and not is_cut))
        is_news = new["change_seq"] > old["change_seq"] or as_new
        newest = new if is_news else old
        if is_news:
            self.is_cut = is_cut
        self._take_mentions(new)
        hidden = old["hidden"] or new["hidden"]
        # "Only a message that a moderator has removed can come back".
        is_restored = restores and old["removed"] and not hidden and new["change_seq"] > old["change_seq"]
        self._message = newest | ({} if is_restored else self._deletion(old, new, newest)) | {"hidden": hidden}
        return is_news

    def _take_mentions(self, new: Json) -> None:
        """ "Events about a hidden message still say whom it mentions; what is read of it does not"."""
        if new["change_seq"] >= self.change_seq and not new["hidden"]:
            self.mentions = list(new["mentions"])
        elif new["change_seq"] > self.change_seq:
            self.mentions = None

    def _deletion(self, old: Json, new: Json, newest: Json) -> Json:
        """ "A version with `deleted_at` wins over one without, whatever the `change_seq`"."""
        tombstones = [one for one in (old, new) if one["deleted_at"] is not None]
        if newest["deleted_at"] is not None or not tombstones:
            return {}
        self.is_cut = False
        return tombstones[0] | {"change_seq": newest["change_seq"]}
