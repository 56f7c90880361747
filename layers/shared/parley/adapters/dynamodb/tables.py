"""The tables as PynamoDB models: keys, attributes and indexes as template.yaml declares them. Nothing here decides."""

import threading
from collections.abc import Mapping
from typing import Any, Self

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.connection.table import TableConnection
from pynamodb.expressions.update import Action
from pynamodb.indexes import (
    AllProjection,
    GlobalSecondaryIndex,
    IncludeProjection,
    KeysOnlyProjection,
    LocalSecondaryIndex,
)
from pynamodb.models import Model

from parley.adapters import environment
from parley.adapters.dynamodb import clients, unreadable
from parley.adapters.dynamodb.documents import (
    BytesMapAttribute,
    DocumentAttribute,
    NumbersAttribute,
    RowsAttribute,
    StringsAttribute,
    from_wire,
)

_connecting = threading.Lock()


class Table(Model):
    """The root of the models; all of them share one connection."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        if cls._connection is None or cls._connection.connection is not clients.dynamodb:
            # PynamoDB takes no lock, and refuses to add a table twice: of two first calls at once, one would fail.
            with _connecting:
                cls._connect()
        return super()._get_connection()

    @classmethod
    def _connect(cls) -> None:
        connection = super()._get_connection()
        if connection.connection is not clients.dynamodb:
            clients.dynamodb.add_meta_table(connection.connection.get_meta_table(cls.Meta.table_name))
            connection.connection = clients.dynamodb

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """Returns a row from an item in DynamoDB's own notation, also for PynamoDB's queries; raises UnreadableRow."""
        try:
            return super().from_raw_data(data)
        except unreadable.ERRORS as error:
            raise unreadable.UnreadableRow(cls.key_of(data), data) from error

    @classmethod
    def key_names(cls) -> list[str]:
        """Returns the names of the hash key and, if there is one, the range key."""
        return [name for name in (cls._hash_keyname, cls._range_keyname) if name is not None]

    @classmethod
    def key_of(cls, item: Mapping[str, Any]) -> unreadable.Parts:
        """Returns the key of an item in DynamoDB's own notation."""
        return tuple(from_wire(item[name]) for name in cls.key_names())

    def key_parts(self) -> unreadable.Parts:
        """Returns the key of the row."""
        return tuple(getattr(self, name) for name in self.key_names())


def setting(model: type[Table], attributes: Any) -> list[Action]:
    """Returns the actions that set attributes by name, and remove those that are None."""
    return [
        getattr(model, name).remove() if value is None else getattr(model, name).set(value)
        for name, value in attributes.items()
    ]


class Conversation(Table):
    """The head of a conversation: one item, read on every send, kept under 1 KB without metadata."""

    class Meta:
        table_name = environment.required("CONVERSATIONS_TABLE")

    conversation_id = UnicodeAttribute(hash_key=True)
    type = UnicodeAttribute()
    context_type = UnicodeAttribute(null=True)
    context_id = UnicodeAttribute(null=True)
    title = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    participants = StringsAttribute()
    last_seq = NumberAttribute()
    last_change_seq = NumberAttribute()
    last_message = DocumentAttribute(null=True)
    sent_seqs = DocumentAttribute()
    created_at_ms = NumberAttribute()
    last_activity_ms = NumberAttribute()
    active_hour = NumberAttribute()
    member_count = NumberAttribute(null=True)
    owner_ids = StringsAttribute(null=True)
    admin_ids = StringsAttribute(null=True)
    shared_seq = NumberAttribute(null=True)
    posting = UnicodeAttribute(null=True)
    slow_mode_s = NumberAttribute(null=True)
    history = UnicodeAttribute(null=True)  # `joined`: people who come into the group see nothing older
    closed = BooleanAttribute(null=True)
    pins = NumbersAttribute(null=True)
    everyone_seqs = NumbersAttribute(null=True)
    has_archived = BooleanAttribute(null=True)
    rates = DocumentAttribute(null=True)
    blocked_by = StringsAttribute(null=True)  # those of a direct conversation who have blocked the other
    awaits_answer = BooleanAttribute(null=True)  # not both of the two have written
    blocked_seq = NumberAttribute(null=True)  # the change that set the first block
    custom_type = UnicodeAttribute(null=True)
    metadata = UnicodeAttribute(null=True)  # compact JSON, as a message's
    is_reported = BooleanAttribute(null=True)  # a message of it was reported
    is_locked = BooleanAttribute(null=True)  # a moderator has closed it
    dissolved = BooleanAttribute(null=True)  # an owner has ended the group
    muted_ids = StringsAttribute(null=True)  # members of a group whom a moderator has muted
    adding = DocumentAttribute(null=True)  # of everyone of a role or a context, with how far it is
    requester_id = UnicodeAttribute(null=True)  # of a ticket
    # Of two people: the newest message of which an app of the first, or second, participant was told.
    first_pushed_seq = NumberAttribute(null=True)
    second_pushed_seq = NumberAttribute(null=True)
    # Likewise: the first message that each sees.
    first_visible_seq = NumberAttribute(null=True)
    second_visible_seq = NumberAttribute(null=True)
    horizon_seq = NumberAttribute(null=True)  # from there on all members of a group see the messages
    # Of a conversation that a run has imported (`adapters/moving/import_rows.py`).
    importing = UnicodeAttribute(null=True)  # the run that is at it: nobody else sees the conversation
    imported_by = UnicodeAttribute(null=True)
    imported_seq = NumberAttribute(null=True)  # its last message when the run finished it


class ByActivity(GlobalSecondaryIndex["Membership"]):
    """A person's conversations by the hour of their last activity, on two shelves: archived ones are apart.

    Written once an hour, so a lively exchange costs nothing.
    """

    class Meta:
        index_name = "by_activity"
        projection = IncludeProjection(["user_id", "peer_id"])

    shelf = UnicodeAttribute(hash_key=True)
    active_hour = NumberAttribute(range_key=True)


class ByConversation(GlobalSecondaryIndex["Membership"]):
    """The members of a conversation; it projects nothing that changes, so only joining and leaving cost a write."""

    class Meta:
        index_name = "by_conversation"
        projection = KeysOnlyProjection()

    conversation_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(range_key=True)


class ByPin(GlobalSecondaryIndex["Membership"]):
    """The conversations that a person has pinned, and no others."""

    class Meta:
        index_name = "by_pin"
        projection = KeysOnlyProjection()

    user_id = UnicodeAttribute(hash_key=True)
    pinned_at_ms = NumberAttribute(range_key=True)


class Membership(Table):
    """One person's side of one conversation.

    `peer_id` is the other person of a direct conversation, who sees whether the person is online. It is in the index,
    so a change of presence reads nothing more. If nothing vouches for the pair, `unseen_peer_id` names them instead
    until both have written.

    `shelf` is the person's id, with `#archived` after it for archived conversations, and `#notes` for notes of tickets.
    """

    class Meta:
        table_name = environment.required("MEMBERSHIPS_TABLE")

    user_id = UnicodeAttribute(hash_key=True)
    conversation_id = UnicodeAttribute(range_key=True)
    active_hour = NumberAttribute()
    shelf = UnicodeAttribute()
    peer_id = UnicodeAttribute(null=True)
    unseen_peer_id = UnicodeAttribute(null=True)
    read_seq = NumberAttribute()
    delivered_seq = NumberAttribute()
    since_ms = NumberAttribute()
    since_seq = NumberAttribute(null=True)
    settings = DocumentAttribute(null=True)
    own_seq = NumberAttribute(null=True)
    pinned_at_ms = NumberAttribute(null=True)
    archived_seq = NumberAttribute(null=True)
    mention_seqs = NumberSetAttribute(null=True)
    hidden_seq = NumberAttribute(null=True)
    shown_seq = NumberAttribute(null=True)  # the newest message before `hidden_seq` that the person sees
    sent_ms = NumberAttribute(null=True)
    frozen = DocumentAttribute(null=True)  # the markers as the other person sees them under a block
    pushed_seq = NumberAttribute(null=True)  # the newest message of which an app of the person was told
    visible_from_seq = NumberAttribute(null=True)  # the first message that the person sees, in a group
    imported = NumbersAttribute(null=True)  # `read_seq` and `delivered_seq` as an import wrote them
    unread_from = DocumentAttribute(null=True)  # from where on the person has marked it as unread
    by_activity = ByActivity()
    by_conversation = ByConversation()
    by_pin = ByPin()


class Message(Table):
    """A message — or, under other keys, the rows that belong to messages: see `message_rows.py` for each kind."""

    class Meta:
        table_name = environment.required("MESSAGES_TABLE")

    conversation_id = UnicodeAttribute(hash_key=True)
    seq = NumberAttribute(range_key=True)
    sender_id = UnicodeAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    created_at_ms = NumberAttribute(null=True)
    client_id = UnicodeAttribute(null=True)
    edited_at_ms = NumberAttribute(null=True)
    deleted_at_ms = NumberAttribute(null=True)
    system = DocumentAttribute(null=True)
    reply_to_seq = NumberAttribute(null=True)
    forwarded_from = DocumentAttribute(null=True)
    mentions = StringsAttribute(null=True)
    attachments = UnicodeAttribute(null=True)  # `domain/attachments/compact.py`
    via = UnicodeAttribute(null=True)  # `host`: the host's own server wrote it in the name of the sender
    side = UnicodeAttribute(null=True)  # of a ticket: who has written, its requester, support or the system
    custom_type = UnicodeAttribute(null=True)
    metadata = UnicodeAttribute(
        null=True
    )  # compact JSON, so that numbers and the order of names come back as they came
    reactions = DocumentAttribute(null=True)
    pinned = BooleanAttribute(null=True)
    change_seq = NumberAttribute(null=True)
    edit_count = NumberAttribute(null=True)
    removed = UnicodeAttribute(null=True)  # JSON: the content that a moderator has removed
    link_preview = UnicodeAttribute(null=True)  # compact JSON, of its first link
    without_preview = BooleanAttribute(null=True)
    imported = BooleanAttribute(null=True)  # from another system: no news for the readers of the stream
    context_type = UnicodeAttribute(null=True)  # for the readers of the stream
    follow_ups = UnicodeAttribute(null=True, attr_name="errands")  # the work that the stream has to start
    # of the record of a `client_id`
    sent_seq = NumberAttribute(null=True)
    sent_in = UnicodeAttribute(null=True)  # the conversation of a send that named no user
    fingerprint = UnicodeAttribute(null=True)  # and of a group's first message: of the request that made it
    expires_at_s = NumberAttribute(null=True)
    # of an entry of the change log
    change = DocumentAttribute(null=True)
    # of an entry of the outbox (`outbox.py`)
    outbox = UnicodeAttribute(null=True)
    about = DocumentAttribute(null=True)


class Receipt(Table):
    """When a member's marker moved, and to where: `marker` is `<user id>#<d or r>#<seq, 16 digits>` (`receipts.py`).

    Or a member's mark on a message: `<user id>#m#<seq, 16 digits>#<what>` (`personal_marks.py`). Or when a member first
    played a voice message: `<user id>#p#<seq, 16 digits>`; `change_seq` is the block at that time (`plays.py`).
    """

    class Meta:
        table_name = environment.required("RECEIPTS_TABLE")

    conversation_id = UnicodeAttribute(hash_key=True)
    marker = UnicodeAttribute(range_key=True)
    at_ms = NumberAttribute()
    is_on = BooleanAttribute(null=True)
    change_seq = NumberAttribute(null=True)


class BySweep(GlobalSecondaryIndex["Connections"]):
    """People with connections, by when the sweep must look at them next."""

    class Meta:
        index_name = "by_sweep"
        projection = KeysOnlyProjection()

    sweep_shard = UnicodeAttribute(hash_key=True)
    sweep_at_s = NumberAttribute(range_key=True)


class Connections(Table):
    """All live connections of one person, by connection id.

    Each is `{lease_s, token_s, since_ms, joined: {conversation_id: True}}`. Under `#<ticket id>` a row has the agents
    who have a ticket open, or had it open a while ago (`viewers`); the row of each of them names it (`looked_at`).
    """

    class Meta:
        table_name = environment.required("CONNECTIONS_TABLE")

    user_id = UnicodeAttribute(hash_key=True)
    connections = DocumentAttribute()
    last_seen_ms = NumberAttribute(null=True)
    hides_last_seen = BooleanAttribute(null=True)
    announced = BooleanAttribute(null=True)
    viewers = UnicodeSetAttribute(null=True)
    looked_at = UnicodeSetAttribute(null=True)
    sweep_shard = UnicodeAttribute(null=True)
    sweep_at_s = NumberAttribute(null=True)
    by_sweep = BySweep()


class ByExpiry(GlobalSecondaryIndex["Typing"]):
    """Typing rows by when the sweep must look at them."""

    class Meta:
        index_name = "by_expiry"
        projection = KeysOnlyProjection()

    sweep_shard = UnicodeAttribute(hash_key=True)
    expires_at_ms = NumberAttribute(range_key=True)


class Typing(Table):
    """A user is typing in a conversation until `until_ms`.

    `expires_at_ms` is the sweep's time: the end of the typing that began the row. It is in the index, and further
    typing does not move it.
    """

    class Meta:
        table_name = environment.required("TYPING_TABLE")

    conversation_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(range_key=True)
    until_ms = NumberAttribute(null=True)  # not in rows of version 0.1, which say it in `expires_at_ms`
    since_seq = NumberAttribute(null=True)  # likewise
    expires_at_ms = NumberAttribute()
    expires_at_s = NumberAttribute()  # for DynamoDB's time to live, days late at worst: readers filter by until_ms
    sweep_shard = UnicodeAttribute(null=True)  # gone once they have stopped: nobody is left to be told
    stopped = BooleanAttribute(null=True)
    by_expiry = ByExpiry()


class ByDue(GlobalSecondaryIndex["Call"]):
    """Calls by when the sweep must look at them next."""

    class Meta:
        index_name = "by_due"
        projection = KeysOnlyProjection()

    sweep_shard = UnicodeAttribute(hash_key=True)
    due_at_s = NumberAttribute(range_key=True)


class Call(Table):
    """A call — or, under a key of its own, the line of a user who is in a call (`calls.py`)."""

    class Meta:
        table_name = environment.required("CALLS_TABLE")

    conversation_id = UnicodeAttribute(hash_key=True)
    call_id = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    state = UnicodeAttribute(null=True)
    media = UnicodeAttribute(null=True)
    caller_id = UnicodeAttribute(null=True)
    callee_id = UnicodeAttribute(null=True)
    caller_device = UnicodeAttribute(null=True)
    callee_device = UnicodeAttribute(null=True)
    started_at_ms = NumberAttribute(null=True)
    answered_at_ms = NumberAttribute(null=True)
    ended_at_ms = NumberAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    ended_by = UnicodeAttribute(null=True)
    ended_by_device = UnicodeAttribute(null=True)
    note_seq = NumberAttribute(null=True)
    is_doubted = BooleanAttribute(null=True)
    sweep_shard = UnicodeAttribute(null=True)
    due_at_s = NumberAttribute(null=True)
    expires_at_s = NumberAttribute(null=True)
    live_conversation_id = UnicodeAttribute(null=True)
    live_call_id = UnicodeAttribute(null=True)
    signals = NumberAttribute(null=True)
    signal_bytes = NumberAttribute(null=True)
    by_due = ByDue()


class ByRole(GlobalSecondaryIndex["User"]):
    """People of one role, by name, in a few parts.

    Keys only, so it is written when a name or a role changes, not for every token.
    """

    class Meta:
        index_name = "by_role"
        projection = KeysOnlyProjection()

    role = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class ByName(GlobalSecondaryIndex["User"]):
    """All people by name, of any role, in a few parts."""

    class Meta:
        index_name = "by_name"
        projection = KeysOnlyProjection()

    name_shard = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class User(Table):
    """A person's profile: the values that count, and the statements of token, host and person (`profiles.py`).

    Or, with `#` and a number after the person's id, a later word of their name, for the indexes alone.
    """

    class Meta:
        table_name = environment.required("USERS_TABLE")

    user_id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    role = UnicodeAttribute()  # followed by the part of the index, `user#2` (`domain/people/directory.py`)
    contexts = DocumentAttribute()
    issued_at_s = NumberAttribute()
    name_key = UnicodeAttribute()
    name_shard = UnicodeAttribute()
    avatar_url = UnicodeAttribute(null=True)
    locale = UnicodeAttribute(null=True)
    time_zone = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    metadata = UnicodeAttribute(null=True)  # JSON
    private_metadata = UnicodeAttribute(null=True)  # likewise
    profile_seq = NumberAttribute(null=True)  # not in rows of version 0.1, as all below
    revision = NumberAttribute(null=True)
    by_token = DocumentAttribute(null=True)
    by_host = DocumentAttribute(null=True)
    by_self = DocumentAttribute(null=True)
    held = BytesMapAttribute(null=True)  # the digests of the person's contexts in `ContextPeople`
    words = NumberAttribute(null=True)  # how many rows there are of later words of the name
    by_role = ByRole()
    by_name = ByName()


class ByPerson(GlobalSecondaryIndex["ContextPerson"]):
    """The contexts that rows give a person."""

    class Meta:
        index_name = "by_person"
        projection = KeysOnlyProjection()

    user_id = UnicodeAttribute(hash_key=True)
    context = UnicodeAttribute(range_key=True)


class ContextPerson(Table):
    """A person belongs to a context, `<type>#<id>`. Written with the person's own row, which has its digest."""

    class Meta:
        table_name = environment.required("CONTEXT_PEOPLE_TABLE")

    context = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(range_key=True)
    by_person = ByPerson()


class Export(Table):
    """A conversation's export — or, under `<user id>#`, a person's recent requests (`exports.py`).

    Or a moderator's removal of what a person wrote (`removals.py`).
    """

    class Meta:
        table_name = environment.required("EXPORTS_TABLE")

    export_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    revision = NumberAttribute()
    expires_at_s = NumberAttribute()
    conversation_id = UnicodeAttribute(null=True)
    format = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    total = NumberAttribute(null=True)
    first_seq = NumberAttribute(null=True)
    done = NumberAttribute(null=True)
    upload_id = UnicodeAttribute(null=True)
    parts = StringsAttribute(null=True)
    size_bytes = NumberAttribute(null=True)
    sha256 = UnicodeAttribute(null=True)
    restarts = NumberAttribute(null=True)
    created_at_ms = NumberAttribute(null=True)
    moved_at_ms = NumberAttribute(null=True)
    files = BooleanAttribute(null=True)
    archive = DocumentAttribute(null=True)
    asked = DocumentAttribute(null=True)
    removal = DocumentAttribute(null=True)
    search = DocumentAttribute(null=True)  # of an export of what a moderator's search has found


class ByTime(LocalSecondaryIndex["Block"]):
    """The people whom a person has blocked, by time. A local index, because a list must show a block just written."""

    class Meta:
        index_name = "by_time"
        projection = KeysOnlyProjection()

    user_id = UnicodeAttribute(hash_key=True)
    blocked_at_ms = NumberAttribute(range_key=True)


class Block(Table):
    """The blocks between two people, as seen by `user_id`; the other person has a row as well (`blocks.py`)."""

    class Meta:
        table_name = environment.required("BLOCKS_TABLE")

    user_id = UnicodeAttribute(hash_key=True)
    other_id = UnicodeAttribute(range_key=True)
    by_me = BooleanAttribute(null=True)  # present or not, never false
    of_me = BooleanAttribute(null=True)
    blocked_at_ms = NumberAttribute(null=True)  # by `user_id`; without it the row is in no index
    by_time = ByTime()


class ByStatus(GlobalSecondaryIndex["Report"]):
    """The queue of reports: open, in review, or done, by time; without any user's words."""

    class Meta:
        index_name = "by_status"
        projection = IncludeProjection(
            [
                "conversation_id",
                "seq",
                "sender_id",
                "reporter_id",
                "reason",
                "rule",
                "version",
                "handled_by",
                "handled_at_ms",
            ]
        )

    status = UnicodeAttribute(hash_key=True)
    created_at_ms = NumberAttribute(range_key=True)


class ByReporter(GlobalSecondaryIndex["Report"]):
    """The reports of a person, by time. Nothing in it changes, so a decision costs it no write."""

    class Meta:
        index_name = "by_reporter"
        projection = KeysOnlyProjection()

    reporter_id = UnicodeAttribute(hash_key=True)
    created_at_ms = NumberAttribute(range_key=True)


class Report(Table):
    """A user's report of a message as it was at the time — or, under `<user id>#`, a person's warnings."""

    class Meta:
        table_name = environment.required("REPORTS_TABLE")

    report_id = UnicodeAttribute(hash_key=True)
    conversation_id = UnicodeAttribute()
    seq = NumberAttribute()
    sender_id = UnicodeAttribute()
    reporter_id = UnicodeAttribute(null=True)
    reason = UnicodeAttribute()
    note = UnicodeAttribute(null=True)
    rule = UnicodeAttribute(null=True)
    text = UnicodeAttribute()
    attachments = RowsAttribute(null=True)  # id, name, kind, type, size, duration_ms
    created_at_ms = NumberAttribute()
    status = UnicodeAttribute()
    version = NumberAttribute()
    resolution = UnicodeAttribute(null=True)
    staff_note = UnicodeAttribute(null=True)
    handled_by = UnicodeAttribute(null=True)
    handled_at_ms = NumberAttribute(null=True)
    warnings = DocumentAttribute(null=True)
    by_status = ByStatus()
    by_reporter = ByReporter()


class AuditEntry(Table):
    """One act of a moderator or administrator. No function has the right to delete it."""

    class Meta:
        table_name = environment.required("AUDIT_TABLE")

    month = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)  # the time, 13 digits, and a hash
    at_ms = NumberAttribute()
    actor_id = UnicodeAttribute()
    actor_role = UnicodeAttribute()
    action = UnicodeAttribute()
    target = UnicodeAttribute()
    details = DocumentAttribute()
    request_id = UnicodeAttribute()


WORD_LIST_VERSION = "version"  # the key of the row that names the current list


class WordList(Table):
    """The list of banned words; its version has a key of its own, which costs less to read."""

    class Meta:
        table_name = environment.required("WORD_LISTS_TABLE")

    name = UnicodeAttribute(hash_key=True)
    version = NumberAttribute()
    rules = RowsAttribute(null=True)  # id, kind, text, action
    updated_at_ms = NumberAttribute(null=True)
    updated_by = UnicodeAttribute(null=True)


class Erasure(Table):
    """The erasure of a person — or, under `#<hash of a person's id>`, the mark of an erased one (`erasures.py`)."""

    class Meta:
        table_name = environment.required("ERASURES_TABLE")

    erasure_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(null=True)
    user_sha256 = UnicodeAttribute(null=True)
    pseudonym = UnicodeAttribute(null=True)
    revision = NumberAttribute(null=True)
    state = UnicodeAttribute(null=True)
    round = NumberAttribute(null=True)
    part = NumberAttribute(null=True)
    cursor = UnicodeAttribute(null=True)
    removed = DocumentAttribute(null=True)
    created_at_ms = NumberAttribute(null=True)
    moved_at_ms = NumberAttribute(null=True)
    finished_at_ms = NumberAttribute(null=True)
    of_erasure = UnicodeAttribute(null=True)


class WordsLeftBehind(Table):
    """A conversation that holds words of a user who is not in it: they have left, or were forwarded there."""

    class Meta:
        table_name = environment.required("TRACES_TABLE")

    user_id = UnicodeAttribute(hash_key=True)
    conversation_id = UnicodeAttribute(range_key=True)


class ByOwner(GlobalSecondaryIndex["File"]):
    """The attachments of a person. Nothing in it changes, so only a new attachment costs a write."""

    class Meta:
        index_name = "by_owner"
        projection = KeysOnlyProjection()

    user_id = UnicodeAttribute(hash_key=True)
    attachment_id = UnicodeAttribute(range_key=True)


class BySweepTime(GlobalSecondaryIndex["File"]):
    """Attachments by when the sweep must look at them. A send leaves it as it is, so that it costs no write."""

    class Meta:
        index_name = "by_due"
        projection = KeysOnlyProjection()

    sweep_shard = UnicodeAttribute(hash_key=True)
    sweep_at_s = NumberAttribute(range_key=True)


class ByPlace(GlobalSecondaryIndex["File"]):
    """The sent attachments of a conversation, by kind, in the order of their messages."""

    class Meta:
        index_name = "by_place"
        projection = KeysOnlyProjection()

    shelf = UnicodeAttribute(hash_key=True)
    place = NumberAttribute(range_key=True)


class File(Table):
    """An attachment — or, under `<user id>#`, a person's usage (`attachments.py`)."""

    class Meta:
        table_name = environment.required("FILES_TABLE")

    attachment_id = UnicodeAttribute(hash_key=True)
    version = NumberAttribute(null=True)
    user_id = UnicodeAttribute(null=True)
    conversation_id = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    type = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)  # of a person's usage: the bytes of its day
    kind = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    created_at_ms = NumberAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    file_id = UnicodeAttribute(null=True)
    refs = NumberAttribute(null=True)
    seq = NumberAttribute(null=True)
    position = NumberAttribute(null=True)
    is_counted = BooleanAttribute(null=True)
    width = NumberAttribute(null=True)
    height = NumberAttribute(null=True)
    duration_ms = NumberAttribute(null=True)
    pages = NumberAttribute(null=True)
    waveform = UnicodeAttribute(null=True)
    placeholder = UnicodeAttribute(null=True)
    thumbnail_type = UnicodeAttribute(null=True)
    sha256 = UnicodeAttribute(null=True)
    examined_etag = UnicodeAttribute(null=True)  # of the bytes whose examination after a verdict has begun
    sweep_shard = UnicodeAttribute(null=True)
    sweep_at_s = NumberAttribute(null=True)
    shelf = UnicodeAttribute(null=True)  # `<conversation id>#<kind>`; `unsent#<user id>` before it is sent
    place = NumberAttribute(null=True)  # the message's seq × 100, + 99 − the position in it; `created_at_ms` before
    # of a person's usage
    unsent = NumberAttribute(null=True)
    day = NumberAttribute(null=True)
    hour = NumberAttribute(null=True)
    wasted = NumberAttribute(null=True)
    expires_at_s = NumberAttribute(null=True)
    by_owner = ByOwner()
    by_due = BySweepTime()
    by_place = ByPlace()


class ByQueue(GlobalSecondaryIndex["Ticket"]):
    """The tickets of each status, the oldest first. A reply leaves it as it is, so that it costs no write."""

    class Meta:
        index_name = "by_queue"
        projection = KeysOnlyProjection()

    queue = UnicodeAttribute(hash_key=True)
    queued_at_ms = NumberAttribute(range_key=True)


class ByDueTicket(GlobalSecondaryIndex["Ticket"]):
    """Tickets by when the desk's clocks must look at them, in a few parts."""

    class Meta:
        index_name = "by_due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at_s = NumberAttribute(range_key=True)


class Ticket(Table):
    """The state of a ticket — or, under other keys, its number and the entries that find it (`tickets.py`).

    The canned replies, the macros, the roster, the automations and the articles of the knowledge base are here, too.
    """

    class Meta:
        table_name = environment.required("TICKETS_TABLE")

    key = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)
    ticket_id = UnicodeAttribute(null=True)  # of the row of a number
    number = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    priority = UnicodeAttribute(null=True)
    category = UnicodeAttribute(null=True)
    requester_id = UnicodeAttribute(null=True)
    assignee_id = UnicodeAttribute(null=True)
    team = UnicodeAttribute(null=True)
    tags = StringsAttribute(null=True)
    version = NumberAttribute(null=True)
    created_at_ms = NumberAttribute(null=True)
    entries = NumberAttribute(null=True)  # of the history
    updated_at_ms = NumberAttribute(null=True)
    replied_at_ms = NumberAttribute(null=True)
    rating = NumberAttribute(null=True)
    comment_hash = UnicodeAttribute(null=True)  # of the comment on the rating
    merged_into = UnicodeAttribute(null=True)  # the ticket that continues it
    merged_from = StringsAttribute(null=True)
    follow_up_of = UnicodeAttribute(null=True)
    source_message_id = UnicodeAttribute(null=True)
    sla = UnicodeAttribute(null=True)  # the clocks, as compact JSON
    hidden = NumberAttribute(null=True)  # entries of the history that the requester does not see
    status_at_ms = NumberAttribute(null=True)
    noticed_at_ms = NumberAttribute(null=True)
    archived_at_ms = NumberAttribute(null=True)
    overdue_since_ms = NumberAttribute(null=True)
    imported_entries = NumberAttribute(null=True)  # of the history, as an import has brought it
    fired = UnicodeAttribute(null=True)  # the causes that have fired rules, as compact JSON
    idle_at_ms = NumberAttribute(null=True)
    acted_at_ms = NumberAttribute(null=True)  # a person's last change that no message tells
    queue = UnicodeAttribute(null=True)  # the status; without it the row is in no queue
    queued_at_ms = NumberAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at_s = NumberAttribute(null=True)
    # Of the canned replies, which have a key of their own (`canned_replies.py`).
    title = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    shortcut = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute(null=True)
    updated_by = UnicodeAttribute(null=True)
    reply_id = UnicodeAttribute(null=True)  # of the row of a shortcut
    reply_count = NumberAttribute(null=True)  # of the row that counts them
    # Of the macros, which have a key of their own (`kept_macros.py`).
    content = UnicodeAttribute(null=True)  # title and effects, as compact JSON
    macro_count = NumberAttribute(null=True)  # of the row that counts them
    # Of the roster (`roster.py`).
    available = BooleanAttribute(null=True)
    ticket_limit = NumberAttribute(null=True)
    skills = StringsAttribute(null=True)
    teams = StringsAttribute(null=True)
    assigned_at_ms = UnicodeAttribute(null=True)  # the last tickets that the agent got by themselves
    turn_of = UnicodeAttribute(null=True)  # the follow-up that gave them the last one
    agent_count = NumberAttribute(null=True)  # of the row that counts them
    # Of the automations (`automations.py`).
    rules = UnicodeAttribute(null=True)  # as compact JSON
    walk = UnicodeAttribute(null=True)  # where the sweep is among the open tickets
    # Of the knowledge base (`adapters/articles`).
    excerpt = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    content_hash = UnicodeAttribute(null=True)
    authors = StringsAttribute(null=True)  # of the versions that are kept, the oldest first
    helped = NumberAttribute(null=True)
    not_helped = NumberAttribute(null=True)
    saved = NumberAttribute(null=True)
    article_count = NumberAttribute(null=True)  # of the row that counts them
    index_version = NumberAttribute(null=True)  # of the rows that count the changes of published ones
    terms = BinaryAttribute(legacy_encoding=False, null=True)  # of a published article's text
    vote = UnicodeAttribute(null=True)  # of a person
    day = UnicodeAttribute(null=True)  # on which the vote counts
    of_ms = NumberAttribute(null=True)  # when the article was made that the vote is on
    has_saved = BooleanAttribute(null=True)  # whether this vote, or one before it, has saved a ticket
    by_queue = ByQueue()
    by_due = ByDueTicket()


class Figure(Table):
    """Numbers that add up, or registers; or how far a shard of the stream is counted (`domain/figures/tallies.py`)."""

    class Meta:
        table_name = environment.required("FIGURES_TABLE")

    key = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)
    counts = UnicodeAttribute(null=True)  # compact JSON, a number by name
    registers = BinaryAttribute(legacy_encoding=False, null=True)
    people = BinaryAttribute(legacy_encoding=False, null=True)  # `domain/figures/person_numbers.py`
    runs = NumberAttribute(null=True)  # of a day and slot: rows of people beside it that are not merged yet
    user_id = UnicodeAttribute(null=True)  # of the row of an agent
    sequence = UnicodeAttribute(null=True)  # of a mark: the number of the last record that is counted
    revision = NumberAttribute(null=True)  # counts the changes of the row: of two writers at once, one loses
    expires_at_s = NumberAttribute(null=True)  # of a mark, or a run


class ByNoticeTime(LocalSecondaryIndex["Notification"]):
    """A person's inbox: only its entries have a time."""

    class Meta:
        index_name = "by_time"
        projection = AllProjection()

    key = UnicodeAttribute(hash_key=True)
    at_ms = NumberAttribute(range_key=True)


class Notification(Table):
    """Of a person (`key`): an entry of their inbox, what channels decided about a message, or settings, by `place`."""

    class Meta:
        table_name = environment.required("NOTIFICATIONS_TABLE")

    key = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)
    at_ms = NumberAttribute(null=True)  # of an entry of the inbox; without it the row is not in the index
    expires_at_s = NumberAttribute(null=True)
    # Of a person's devices, and of whose an endpoint or token is (`devices.py`).
    devices = DocumentAttribute(null=True)
    version = NumberAttribute(null=True)
    user_id = UnicodeAttribute(null=True)
    device_id = UnicodeAttribute(null=True)
    document = DocumentAttribute(null=True)  # of the preferences, and of a trace what each channel has decided
    revision = NumberAttribute(null=True)  # counts the changes of the preferences
    # Of an entry of the inbox (`notices.py`).
    kind = UnicodeAttribute(null=True)
    seq = NumberAttribute(null=True)
    number = NumberAttribute(null=True)
    seen = BooleanAttribute(null=True)
    hidden = BooleanAttribute(null=True)
    waits = BooleanAttribute(null=True)
    pushed_seq = NumberAttribute(null=True)
    pushed_at_ms = NumberAttribute(null=True)
    trails_ms = NumberAttribute(null=True)
    told_ms = NumberAttribute(null=True)
    numbers = NumberSetAttribute(null=True)  # of a ticket's changes, or reactions, that it tells
    last_seq = NumberAttribute(null=True)  # the ticket's newest message when it told the last one
    owner = UnicodeAttribute(null=True)  # of a trace: the job that is at it
    until_ms = NumberAttribute(null=True)  # of a trace: the end of its lease; of `~seen`: what was marked as seen
    by_time = ByNoticeTime()


class Webhook(Table):
    """An endpoint to which events are posted, or a delivery of one (`adapters/webhooks`)."""

    class Meta:
        table_name = environment.required("WEBHOOKS_TABLE")

    key = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)
    expires_at_s = NumberAttribute(null=True)
    version = NumberAttribute(null=True)  # of an endpoint, or of the row that an event tells of
    # of an endpoint
    url = UnicodeAttribute(null=True)
    events = StringsAttribute(null=True)
    description = UnicodeAttribute(null=True)
    secret = UnicodeAttribute(null=True)  # sealed (`adapters/webhooks/secrets.py`)
    old_secrets = StringsAttribute(null=True)  # each sealed, after the time until which it is valid
    rotated_at_ms = NumberAttribute(null=True)
    client_key = UnicodeAttribute(null=True)  # of the `client_id` that made it
    enabled = BooleanAttribute(null=True)
    why_disabled = UnicodeAttribute(null=True)
    disabled_at_ms = NumberAttribute(null=True)
    failing_since_ms = NumberAttribute(null=True)
    failures = NumberAttribute(null=True)
    paused_until_ms = NumberAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    created_at_ms = NumberAttribute(null=True)
    created_by = UnicodeAttribute(null=True)
    updated_at_ms = NumberAttribute(null=True)
    endpoint_count = NumberAttribute(null=True)  # of the row that counts the endpoints
    endpoints_made = NumberAttribute(null=True)  # of the same row: how many there ever were
    # of a delivery
    type = UnicodeAttribute(null=True)
    of_key = UnicodeAttribute(null=True)
    number = NumberAttribute(null=True)
    message_seq = NumberAttribute(null=True)
    attempts = NumberAttribute(null=True)
    status_code = NumberAttribute(null=True)
    code = UnicodeAttribute(null=True)
    first_ms = NumberAttribute(null=True)
    last_at_ms = NumberAttribute(null=True)
    next_at_ms = NumberAttribute(null=True)


class WsTicket(Table):
    """A one-time ticket for `$connect`: only its SHA-256 is kept."""

    class Meta:
        table_name = environment.required("WS_TICKETS_TABLE")

    ticket_hash = UnicodeAttribute(hash_key=True)
    identity = DocumentAttribute()
    expires_at_s = NumberAttribute()
    used_by = UnicodeAttribute(null=True)  # the call that has used it up


class BySuspension(GlobalSecondaryIndex["AccountState"]):
    """The suspended people, by the end of their suspension."""

    class Meta:
        index_name = "by_suspension"
        projection = IncludeProjection(["suspension"])

    suspended = UnicodeAttribute(hash_key=True)
    suspended_until_ms = NumberAttribute(range_key=True)


class AccountState(Table):
    """The news of a person since they signed in; `admission.py` reads it with every request.

    It ends their tokens, and holds the role that the host has put last and a suspension. `expires_at_s` never becomes
    less, so that none of the three ends before its time.
    """

    class Meta:
        table_name = environment.required("ACCOUNT_STATES_TABLE")

    user_id = UnicodeAttribute(hash_key=True)
    signed_out_at_s = NumberAttribute()  # tokens issued before do not count; 0 of a person who was never signed out
    expires_at_s = NumberAttribute()  # for DynamoDB's time to live: each such token, socket and suspension has ended
    role = UnicodeAttribute(null=True)
    role_revision = NumberAttribute(null=True)  # of the profile that has this role first
    suspension = DocumentAttribute(null=True)
    suspended = UnicodeAttribute(null=True)  # present or not; without it the row is in no index
    suspended_until_ms = NumberAttribute(null=True)
    by_suspension = BySuspension()


class Bucket(Table):
    """One person's bucket for their acts anywhere (`domain/api/limits.py`); a missing bucket is full."""

    class Meta:
        table_name = environment.required("RATES_TABLE")

    user_id = UnicodeAttribute(hash_key=True)
    tat_ms = NumberAttribute()
    expires_at_s = NumberAttribute()
