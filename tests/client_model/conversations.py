"""A conversation as a client holds it: the rules of "Receiving", "Changes" and "Catching up" about one conversation."""

from typing import Any

from tests.client_model.messages import HeldMessage, Json

SHARED = (
    "shared_seq",
    "title",
    "description",
    "state",
    "posting",
    "slow_mode_s",
    "history",
    "custom_type",
    "metadata",
    "member_count",
)
MINE = ("read_seq", "delivered_seq")
LOOK_BACK = 100  # messages before the last one, among which a list finds one that the user has not deleted


class HeldConversation:
    """The conversation object, its messages by seq, and the cursor up to which nothing is missing."""

    def __init__(self, conversation: Json, user_id: str) -> None:
        self._user_id = user_id
        self.messages: dict[int, HeldMessage] = {}
        self.cursor = {"seq": conversation["last_seq"], "change_seq": conversation["last_change_seq"]}
        self.is_missing = False  # a seq or a change_seq did not come: "`sync`"
        self.members: list[Json] | None = None  # of a group; None: to be read again
        self.object = conversation
        self._read_at: int = conversation["last_seq"]  # the conversation's end when `last_message` was read

    @property
    def id(self) -> str:
        return str(self.object["id"])

    @property
    def is_group(self) -> bool:
        return bool(self.object["type"] == "group")

    def replace(self, conversation: Json) -> None:
        """Takes the object as it was read afresh."""
        self.object = conversation
        self._read_at = conversation["last_seq"]
        self._see_from(conversation["visible_from_seq"])

    def take_names(self, members: list[Json]) -> None:
        """Takes the names of the people of a direct conversation: "no event tells of a new one"."""
        names = {one["user_id"]: one["name"] for one in members}
        for side in self.object["members"]:
            side["name"] = names.get(side["user_id"], side["name"])

    # --- Receiving ---------------------------------------------------------------------------------------------------

    def take_new(self, message: Json, *, is_notification: bool) -> None:
        """ "Drop it: it came twice", "take it, move the cursor", or "keep it, and `sync`"."""
        seq = message["seq"]
        if not self._sees(message):
            return
        is_cut = is_notification and len(message["text"]) >= 100
        self._hold(message, is_cut=is_cut, knows_mine=message["change_seq"] == 0)
        if seq == self.cursor["seq"] + 1:
            self.cursor["seq"] = seq
        elif seq > self.cursor["seq"]:
            self.is_missing = True

    def take_read(self, message: Json) -> None:
        """Takes a message as the user sees it: from history, `sync`, or the answer to a request."""
        if not self._sees(message):
            return
        held = self.messages.get(message["seq"])
        if held is None:
            self.messages[message["seq"]] = HeldMessage(message, is_cut=False, knows_mine=True)
        else:
            held.take_read(message)
        self._arrived(self.messages[message["seq"]])

    def take_sent(self, message: Json) -> None:
        """ "Replace the pending message by the one in `data`"."""
        self.take_read(message)
        if message["seq"] == self.cursor["seq"] + 1:
            self.cursor["seq"] = message["seq"]
        elif message["seq"] > self.cursor["seq"]:
            self.is_missing = True

    def _sees(self, message: Json) -> bool:
        """ "Forget the messages before `visible_from_seq`", also those that come late."""
        return bool(message["seq"] >= self.object["visible_from_seq"])

    def _hold(self, message: Json, *, is_cut: bool, knows_mine: bool, restores: bool = False) -> None:
        held = self.messages.get(message["seq"])
        if held is None:
            self.messages[message["seq"]] = HeldMessage(message, is_cut=is_cut, knows_mine=knows_mine)
        else:
            held.take_event(message, is_cut=is_cut, restores=restores)
        self._arrived(self.messages[message["seq"]])

    def _arrived(self, held: HeldMessage) -> None:
        """ "Keep the list of conversations up to date by the same events"."""
        if held.seq > self.object["last_seq"]:
            self.object |= {"last_seq": held.seq, "last_activity_at": held.created_at, "archived": False}
        self._mention(held)
        # "who writes has read", but not if the host wrote it in the sender's name
        self.move_marker(held.sender_id, read_seq=0 if held.is_by_host else held.seq)

    def _mention(self, held: HeldMessage) -> None:
        """ "Add its `seq` to `mention_seqs` if it names the user"; "leave them as they are" if that is not known."""
        if held.mentions is None:
            return
        names = {self._user_id, "*"} & set(held.mentions) and held.sender_id != self._user_id
        seqs = set(self.object["mention_seqs"]) - {held.seq}
        if names and held.seq > self.object["read_seq"]:
            seqs.add(held.seq)
        self._set_mentions(seqs)

    def _set_mentions(self, seqs: set[int]) -> None:
        unread = sorted(seq for seq in seqs if seq > self._settled_seq)
        self.object |= {"mention_seqs": unread, "unread_mentions": len(unread)}

    # --- markers -----------------------------------------------------------------------------------------------------

    def move_marker(self, user_id: str, *, read_seq: int = 0, delivered_seq: int = 0) -> None:
        """ "A marker covers all messages before it"; "forget `unread_from_seq` when the own `read_seq` grows"."""
        before = self.object["read_seq"]
        sides = [one for one in self.object["members"] if one["user_id"] == user_id]
        if user_id == self._user_id:
            sides.append(self.object)
        for side in sides:
            side["read_seq"] = max(side["read_seq"], read_seq)
            side["delivered_seq"] = max(side["delivered_seq"], side["read_seq"], delivered_seq)
        if self.object["read_seq"] > before:
            self.object["unread_from_seq"] = None
        self._count_unread()
        self._set_mentions(set(self.object["mention_seqs"]))
        if self.is_group:
            self.members = None  # "read them again"

    @property
    def _settled_seq(self) -> int:
        """Up to here nothing is unread: it was read, or the user does not see it."""
        return max(int(self.object["read_seq"]), int(self.object["visible_from_seq"]) - 1)

    def _see_from(self, seq: int) -> None:
        """ "Forget the messages before `visible_from_seq`"."""
        self.object["visible_from_seq"] = seq
        self.messages = {each: held for each, held in self.messages.items() if each >= seq}
        self.move_marker(self._user_id)

    def _count_unread(self) -> None:
        """ "`unread` is `last_seq` minus `read_seq`, or minus `unread_from_seq` less one if that is smaller"."""
        seen = int(self.object["read_seq"])
        if self.object["unread_from_seq"] is not None:
            seen = min(seen, self.object["unread_from_seq"] - 1)
        self.object["unread"] = max(0, self.object["last_seq"] - max(seen, self.object["visible_from_seq"] - 1))

    def take_marked(self, answer: Json) -> None:
        """Takes the answer to a mark: it has both markers, and `own` as the event has it, or null."""
        self.move_marker(self._user_id, **{name: answer[name] for name in MINE})
        if answer["own"] is not None:
            self.take_own(answer["own"])

    def _take_unread_from(self, own: Json) -> None:
        """ "It holds while `read_seq` is the one that came with it"."""
        is_current = own["read_seq"] == self.object["read_seq"]
        self.object["unread_from_seq"] = own["unread_from_seq"] if is_current else None
        self._count_unread()

    # --- Changes -----------------------------------------------------------------------------------------------------

    def take_change(self, event: str, data: Json) -> None:
        """Takes a live event of a message's change."""
        self._moved_on(data["change_seq"])
        if not self._sees(data["message"]):
            return
        self._hold(data["message"], is_cut=False, knows_mine=False, restores=event == "message_updated")
        self._own_reaction(event, data)

    def take_missed_change(self, event: str, data: Json) -> None:
        """ "A message in them is as it is now and as the user sees it: take it whole, `mine` included"."""
        self.take_read(data["message"])

    def _own_reaction(self, event: str, data: Json) -> None:
        """ "Live events do not say which reactions are the user's own"."""
        if event in ("reaction_added", "reaction_removed") and data["user_id"] == self._user_id:
            held = self.messages[data["message"]["seq"]]
            held.take_own_reaction(data["emoji"], data["change_seq"], is_on=event == "reaction_added")

    def take_shared(self, data: Json) -> bool:
        """ "Keep the one with the greatest `shared_seq`"; returns whether this was it."""
        if data.get("change_seq") is not None:
            self._moved_on(data["change_seq"])
        shared = data.get("shared")
        if shared is None or shared["shared_seq"] <= self.object["shared_seq"]:
            return False
        is_owner, is_admin = self._user_id in shared["owner_ids"], self._user_id in shared["admin_ids"]
        role = "owner" if is_owner else "admin" if is_admin else "member"
        rights = f"muted_{role}" if self._user_id in shared["muted_ids"] else role
        fields = {name: shared[name] for name in SHARED}
        self.object |= fields | {"role": role, "capabilities": shared["capabilities"][rights]}
        self.members = None
        return True

    def take_own(self, own: Json) -> None:
        """ "Keep the one with the greatest `own_seq`. Its `archived` holds as of its `last_seq`"."""
        if own["own_seq"] > self.object["own_seq"]:
            archived = own["archived"] and own["last_seq"] >= self.object["last_seq"]
            self.object |= {"own_seq": own["own_seq"], "settings": own["settings"], "archived": archived}
            self._see_from(own["visible_from_seq"])
            self.move_marker(self._user_id, read_seq=own["read_seq"])
            self._take_unread_from(own)

    def _moved_on(self, change_seq: int) -> None:
        """ "If a number is missing, `sync` once, and continue from its `next`"."""
        if change_seq == self.cursor["change_seq"] + 1:
            self.cursor["change_seq"] = change_seq
        elif change_seq > self.cursor["change_seq"]:
            self.is_missing = True

    # --- Catching up -------------------------------------------------------------------------------------------------

    def take_mine(self, mine: Json, last_seq: int, last_change_seq: int) -> None:
        """ "The user's own part […] as of `last_seq` and `last_change_seq`"."""
        self.move_marker(self._user_id, **{name: mine[name] for name in MINE})
        own_news = {
            seq
            for seq, held in self.messages.items()
            if (seq > last_seq or held.change_seq > last_change_seq) and held.mentions is not None
        }
        self._set_mentions((set(mine["mention_seqs"]) - own_news) | (set(self.object["mention_seqs"]) & own_news))
        if mine["own_seq"] >= self.object["own_seq"]:
            archived = mine["archived"] and last_seq >= self.object["last_seq"]
            self.object |= {"own_seq": mine["own_seq"], "settings": mine["settings"], "archived": archived}
            self._see_from(mine["visible_from_seq"])
            self._take_unread_from(mine)

    def take_markers(self, markers: list[Json]) -> None:
        """ "How far the other person of a direct conversation has received and read; they only grow"."""
        for marker in markers:
            self.move_marker(marker["user_id"], read_seq=marker["read_seq"], delivered_seq=marker["delivered_seq"])

    def take_next(self, caught: Json) -> None:
        """ "The cursor is `next`"."""
        self.cursor = dict(caught["next"])
        self.is_missing = False

    # --- what is shown -----------------------------------------------------------------------------------------------

    def shown(self, blocked: set[str]) -> Json:
        """Returns the conversation as the user sees it, marked by the blocked people."""
        listed = self._newest_seen()
        if isinstance(listed, HeldMessage):
            listed = listed.listed(is_blocked=self.is_group and listed.sender_id in blocked)
        elif listed is not None and listed["kind"] != "system":
            listed = listed | {"blocked": self.is_group and listed["sender_id"] in blocked}
        return self.object | {"last_message": listed, "last_change_seq": self.cursor["change_seq"]}

    @property
    def is_preview_unknown(self) -> bool:
        """Says whether the conversation has to be read again, because nothing here tells which message a list shows."""
        try:
            self._newest_seen()
        except LookupError:
            return True
        return False

    def _newest_seen(self) -> HeldMessage | Json | None:
        """ "Show the newest message before it that the user has not deleted", here or as the conversation was read.

        Raises LookupError if it is not known which one that is.
        """
        last_seq: int = self.object["last_seq"]
        listed: Json | None = self.object["last_message"]
        for seq in range(last_seq, max(self.object["visible_from_seq"], last_seq - LOOK_BACK) - 1, -1):
            held = self.messages.get(seq)
            if held is not None and not held.is_hidden:
                return held
            if held is not None:
                continue
            if seq > self._read_at or (listed is not None and listed["seq"] > seq):
                raise LookupError(seq)
            if listed is None or listed["seq"] == seq:
                return listed
        return None

    def shown_receipts(self, seq: int) -> dict[str, tuple[bool, bool]]:
        """Returns of a direct conversation who has received and read a message, as `members` say: it covers all before.

        When they did is read again (`GET …/receipts`).
        """
        others = [one for one in self.object["members"] if one["user_id"] != self.messages[seq].sender_id]
        return {one["user_id"]: (one["delivered_seq"] >= seq, one["read_seq"] >= seq) for one in others}

    def shown_messages(self, blocked: set[str]) -> dict[int, Json]:
        """Returns the messages as the user sees them; of one that was only notified a part of the text."""
        return {
            seq: held.shown(is_blocked=self.is_group and held.sender_id in blocked)
            for seq, held in sorted(self.messages.items())
        }


def copied(value: Any) -> Any:
    """Returns JSON that nobody else changes."""
    if isinstance(value, dict):
        return {name: copied(one) for name, one in value.items()}
    return [copied(one) for one in value] if isinstance(value, list) else value
