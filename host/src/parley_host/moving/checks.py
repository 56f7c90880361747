"""The checks that need all records: each is one query, and names the file and the line of whatever it finds."""

from dataclasses import dataclass
from typing import Any

from parley_host.moving import tickets
from parley_host.moving.problems import Fault, Severity
from parley_host.moving.records import MAX_ADMINS, MAX_EMOJIS, MAX_MEMBERS, MAX_PINS, MAX_REACTING
from parley_host.moving.staging import Staging, repeated
from parley_host.moving.values import MAX_ATTACHMENTS

# The sign + keeps SQLite from looking through a whole conversation where the id of a message finds it.
MAX_CHAIN = 1_000  # replies that a search for a cycle follows


@dataclass(frozen=True)
class Check:
    """Rows of `table` for which `where` holds have a fault; `what` is the value that the sentence names.

    `repair` is what leaving out means: the row, or with `SET …` only the part of it.
    """

    code: str
    pointer: str
    detail: str
    table: str
    where: str
    what: str
    severity: Severity = "error"
    repair: str = "DELETE"


def _no_user(column: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM users u WHERE u.id = t.{column})"


NO_CONVERSATION = "NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = t.conversation_id)"
NO_MEMBER = "NOT EXISTS (SELECT 1 FROM members m WHERE m.conversation_id = t.conversation_id AND m.user_id = t.{})"
IS_USER = "EXISTS (SELECT 1 FROM users u WHERE u.id = t.sender_id)"
# Parley's own senders and erased people, whom an export names, are nobody's records.
IS_RESERVED = "(t.{0} LIKE '~parley.system-%' OR t.{0} LIKE '~parley.erased-%')"
IS_DIRECT = "(SELECT type FROM conversations c WHERE c.id = t.conversation_id) = '{}'"
REPLIED = "SELECT {} FROM messages o WHERE o.id = t.reply_to"
MEMBERS = "(SELECT count(*) FROM members m WHERE m.conversation_id = t.id)"
ADMINS = "(SELECT count(*) FROM members m WHERE m.conversation_id = t.id AND m.role != 'member')"

NOBODY = "No user has the id {what}."
NOTHING = "No conversation has the id {what}."
# The words on a record that names a ticket, or the notes of one, in place of the usual ones.
OF_TICKET = (
    "CASE WHEN t.conversation_id LIKE 'ticket:%' THEN '{}' WHEN t.conversation_id LIKE 'notes:%' THEN '{}' ELSE ? END"
)
SET = "json_extract(t.body, '$.{}')"
REQUESTER = "json_extract(t.body, '$.requester_id')"
ASSIGNEE = "json_extract(t.body, '$.assignee_id')"
ITS_TICKET = "'ticket:' || substr(t.id, 7)"  # of notes
NO_TICKET = "NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = {} AND c.type = 'ticket')"
NOBODY_IN_HISTORY = (
    "{0} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = {0})"
    " AND {0} NOT LIKE '~parley.system-%' AND {0} NOT LIKE '~parley.erased-%'"
)
MOVED = "json_extract(t.body, '$.changes.assignee_id.{}')"
CREATOR = "json_extract(t.body, '$.created_by')"

FIRST = (
    Check(
        "unknown_user", "/requester_id", NOBODY, "conversations",
        f"type = 'ticket' AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = {REQUESTER})", REQUESTER,
    ),
    Check(
        "unknown_user", "/assignee_id", NOBODY, "conversations",
        f"type = 'ticket' AND {NOBODY_IN_HISTORY.format(ASSIGNEE)}", ASSIGNEE,
        repair="SET body = json_remove(body, '$.assignee_id')",
    ),
    Check(
        "unknown_ticket", "/ticket_id", "No ticket has the id of {what}.", "conversations",
        f"type = 'notes' AND {NO_TICKET.format(ITS_TICKET)}", "id",
    ),
    Check(
        "too_many_members", "", f"The ticket {{what}} has more than {tickets.MAX_MEMBERS} people.", "conversations",
        f"type IN ('ticket', 'notes') AND {MEMBERS} > {tickets.MAX_MEMBERS}", "id",
    ),
    Check(
        "note_by_requester", "/sender_id", "The requester of a ticket writes no notes: {what}.", "messages",
        "conversation_id LIKE 'notes:%' AND sender_id = (SELECT json_extract(c.body, '$.requester_id')"
        " FROM conversations c WHERE c.id = 'ticket:' || substr(t.conversation_id, 7))", "sender_id",
    ),
    Check("unknown_ticket", "/ticket_id", "No ticket has the id {what}.", "history",
          NO_TICKET.format("t.conversation_id"), "conversation_id"),
    Check("unknown_user", "/user_id", NOBODY, "history", NOBODY_IN_HISTORY.format("t.user_id"), "user_id"),
    *(
        Check("unknown_user", f"/changes/assignee_id/{end}", NOBODY, "history",
              NOBODY_IN_HISTORY.format(MOVED.format(end)), MOVED.format(end))
        for end in ("from", "to")
    ),
    Check(
        "too_many", "", f"The ticket {{what}} has more than {tickets.MAX_HISTORY} entries in its history.", "history",
        "(SELECT count(*) FROM history h WHERE h.conversation_id = t.conversation_id AND h.place <= t.place)"
        f" > {tickets.MAX_HISTORY}", "conversation_id",
    ),
    Check(
        "unknown_user", "/created_by", NOBODY, "conversations",
        f"{CREATOR} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = {CREATOR})", CREATOR,
    ),
    Check("unknown_user", "/user_id", NOBODY, "members", _no_user("user_id"), "user_id"),
    Check("unknown_user", "/user_ids", NOBODY, "context_people", _no_user("user_id"), "user_id"),
    Check("unknown_conversation", "/conversation_id", NOTHING, "members", NO_CONVERSATION, "conversation_id"),
    Check(
        "two_people", "", "The direct conversation {what} does not have two people.", "conversations",
        f"type = 'direct' AND merged_into IS NULL AND {MEMBERS} != 2", "id",
    ),
    Check(
        "no_members", "", "The group {what} has no members.", "conversations",
        f"type = 'group' AND {MEMBERS} = 0", "id",
    ),
    Check(
        "no_members", "", "These notes have no members: no person has written one of them.", "conversations",
        f"type = 'notes' AND {MEMBERS} = 0", "id",
    ),
    Check(
        "too_many_members", "", f"The group {{what}} has more than {MAX_MEMBERS:,} members.", "conversations",
        f"type = 'group' AND {MEMBERS} > {MAX_MEMBERS}", "id",
    ),
    Check(
        "too_many_admins", "", f"The group {{what}} has more than {MAX_ADMINS} owners and admins.", "conversations",
        f"type = 'group' AND {ADMINS} > {MAX_ADMINS}", "id",
    ),
    Check(
        "no_owner", "", "The group {what} has no owner: an admin or its first member becomes the owner.",
        "conversations",
        "type = 'group' AND NOT EXISTS (SELECT 1 FROM members m WHERE m.conversation_id = t.id AND m.role = 'owner')",
        "id", "warning",
    ),
    Check("unknown_conversation", "/conversation_id", NOTHING, "messages", NO_CONVERSATION, "conversation_id"),
    Check(
        "missing_author", "/sender_id", NOBODY, "messages",
        f"{_no_user('sender_id')} AND NOT {IS_RESERVED.format('sender_id')}", "sender_id",
    ),
    Check(
        "not_a_member", "/sender_id", "{what} is not one of the two people of the conversation.", "messages",
        f"{NO_MEMBER.format('sender_id')} AND {IS_USER} AND {IS_DIRECT.format('direct')}", "sender_id",
    ),
    Check(
        "former_member", "/sender_id", "{what} is no member of the group any more.", "messages",
        f"{NO_MEMBER.format('sender_id')} AND {IS_USER} AND {IS_DIRECT.format('group')}", "sender_id", "warning",
    ),
    Check(
        "too_many", "/message_id", f"The message {{what}} has more than {MAX_ATTACHMENTS} files.", "attachments",
        "(SELECT count(*) FROM attachments a WHERE a.message_id = t.message_id) + coalesce((SELECT"
        " json_array_length(o.body, '$.attachments') FROM messages o WHERE o.id = t.message_id), 0)"
        f" > {MAX_ATTACHMENTS}", "message_id",
    ),
    Check(
        "blank", "/text", "The message has neither text nor a file.", "messages",
        "json_extract(t.body, '$.is_blank') AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.message_id = t.id)",
        "id",
    ),
    Check(
        "before_conversation", "/created_at", "The message is older than its conversation, which becomes as old.",
        "messages", "at_ms < (SELECT created_ms FROM conversations c WHERE c.id = t.conversation_id)", "id", "warning",
    ),
)  # fmt: skip
SECOND = (
    Check(
        "reply_to_nothing", "/reply_to", "No message has the id {what}.", "messages",
        f"reply_to IS NOT NULL AND NOT EXISTS ({REPLIED.format('1')})", "reply_to", repair="SET reply_to = NULL",
    ),
    Check(
        "reply_elsewhere", "/reply_to", "The message {what} is in another conversation.", "messages",
        f"reply_to IS NOT NULL AND ({REPLIED.format('o.conversation_id')}) != conversation_id", "reply_to",
        repair="SET reply_to = NULL",
    ),
    Check("unknown_conversation", "/conversation_id", NOTHING, "reads", NO_CONVERSATION, "conversation_id"),
    Check("unknown_conversation", "/conversation_id", NOTHING, "settings", NO_CONVERSATION, "conversation_id"),
    Check("not_a_member", "/user_id", "{what} is no member of it.", "reads", NO_MEMBER.format("user_id"), "user_id"),
    Check("not_a_member", "/user_id", "{what} is no member of it.", "settings", NO_MEMBER.format("user_id"), "user_id"),
    Check(
        "read_of_nothing", "/message_id", "The conversation has no message {what}.", "reads",
        "message_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.id = t.message_id"
        " AND +o.conversation_id = t.conversation_id)", "message_id",
    ),
    Check(
        "reaction_by_nobody", "/user_id", NOBODY, "reactions",
        f"{_no_user('user_id')} AND NOT {IS_RESERVED.format('user_id')}", "user_id",
    ),
    Check(
        "read_of_nothing", "/delivered_id", "The conversation has no message {what}.", "reads",
        "delivered_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.id = t.delivered_id"
        " AND +o.conversation_id = t.conversation_id)", "delivered_id",
    ),
    Check(
        "joined_after_nothing", "/joined_after", "The conversation has no message {what}.", "members",
        "joined_after IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.id = t.joined_after"
        " AND +o.conversation_id = t.conversation_id)", "joined_after", repair="SET joined_after = NULL",
    ),
    *(
        Check(
            "setting_of_nothing", f"/{name}", "The conversation has no message {what}.", "settings",
            f"{SET.format(name)} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.id = {SET.format(name)}"
            " AND +o.conversation_id = t.conversation_id)", SET.format(name),
            repair=f"SET body = json_remove(body, '$.{name}')",
        )
        for name in ("cleared_until", "unread_from")
    ),
    Check(
        "reaction_to_nothing", "/message_id", "No message has the id {what}.", "reactions",
        "NOT EXISTS (SELECT 1 FROM messages o WHERE o.id = t.message_id)", "message_id",
    ),
    Check(
        "attachment_to_nothing", "/message_id", "No message has the id {what}.", "attachments",
        "NOT EXISTS (SELECT 1 FROM messages o WHERE o.id = t.message_id)", "message_id",
    ),
    Check(
        "not_allowed", "/message_id", "The message {what} tells of an event, and has no files.", "attachments",
        "EXISTS (SELECT 1 FROM messages o WHERE o.id = t.message_id AND json_extract(o.body, '$.system') IS NOT NULL)",
        "message_id",
    ),
    Check(
        "too_many", "/pinned", f"The conversation {{what}} has more than {MAX_PINS} pinned messages.", "messages",
        "place IN (SELECT p.place FROM (SELECT place, row_number() OVER (PARTITION BY conversation_id ORDER BY at_ms,"
        " place) AS number FROM messages WHERE json_extract(body, '$.pinned')) p"
        f" WHERE p.number > {MAX_PINS})", "conversation_id", repair="SET body = json_remove(body, '$.pinned')",
    ),
    Check(
        "not_allowed", "/system/event", "An event of tickets: {what} is none.", "messages",
        "json_extract(t.body, '$.system.event') = 'ticket_updated' AND EXISTS (SELECT 1 FROM conversations c"
        " WHERE c.id = t.conversation_id AND c.type NOT IN ('ticket', 'notes'))", "conversation_id",
    ),
    Check(
        "too_many", "/emoji", f"The message {{what}} has more than {MAX_REACTING} people with one emoji.", "reactions",
        "(SELECT count(*) FROM reactions r WHERE r.message_id = t.message_id AND r.emoji = t.emoji)"
        f" > {MAX_REACTING}", "message_id",
    ),
    Check(
        "too_many", "/emoji", f"The message {{what}} has more than {MAX_EMOJIS} emojis.", "reactions",
        "(SELECT count(DISTINCT r.emoji) FROM reactions r WHERE r.message_id = t.message_id)"
        f" > {MAX_EMOJIS}", "message_id",
    ),
)  # fmt: skip


def check(staging: Staging, *, leaves_out: bool, read_until_ms: int | None, now_ms: int) -> None:
    """Finds all faults, numbers the messages and computes the markers: all of it, or nothing if it is interrupted.

    `leaves_out` removes what has an error. `read_until_ms` is up to when all is read where no read state is known.
    """
    with staging.transaction():
        staging.run("CREATE INDEX IF NOT EXISTS messages_by_id ON messages (id)")
        staging.run("CREATE INDEX IF NOT EXISTS attachments_by_message ON attachments (message_id)")
        _repeated_messages(staging)
        _merge_pairs(staging)
        tickets.join(staging)
        for each in FIRST:
            _apply(staging, each, leaves_out)
        tickets.drop_empty_notes(staging)
        _named(staging)
        staging.run("CREATE INDEX IF NOT EXISTS messages_in_order ON messages (conversation_id, at_ms, place)")
        for each in SECOND:
            _apply(staging, each, leaves_out)
        _number(staging, now_ms)
        tickets.begin_histories(staging)
        _later_replies(staging, leaves_out)
        _out_of_order(staging)
        _markers(staging, read_until_ms)
        staging.set("phase", "checked")


def _apply(staging: Staging, each: Check, leaves_out: bool) -> None:
    """Reports the rows with a fault; leaves out those with an error if the run does so."""
    is_place = each.detail == NOTHING
    pointer = OF_TICKET.format("/ticket_id", "/notes_of") if is_place else "?"
    detail = OF_TICKET.format(*2 * ("No ticket has the id {what}.",)) if is_place else "?"
    found = staging.run(
        "INSERT INTO problems (source, line, severity, code, pointer, detail)"
        f" SELECT t.source, t.line, ?, ?, {pointer}, replace({detail}, '{{what}}', {_named_value(each)})"
        f" FROM {each.table} t WHERE {each.where}",
        (each.severity, each.code, each.pointer, each.detail),
    )
    if found and leaves_out and each.severity == "error":
        change = (
            f"DELETE FROM {each.table} AS t" if each.repair == "DELETE" else f"UPDATE {each.table} AS t {each.repair}"
        )
        staging.run(f"{change} WHERE {each.where}")


def _named_value(each: Check) -> str:
    """Returns the SQL of the value that a sentence names, an id as the old system has it."""
    value = f"coalesce({each.what if '(' in each.what else 't.' + each.what}, '')"
    is_staged = f"{value} LIKE 'ticket:%' OR {value} LIKE 'notes:%'"
    return f"CASE WHEN {is_staged} THEN substr({value}, instr({value}, ':') + 1) ELSE {value} END"


def _repeated_messages(staging: Staging) -> None:
    """Reports messages whose id an earlier line has, and keeps the first."""
    columns = ("conversation_id", "sender_id", "at_ms", "reply_to", "body")
    same = " AND ".join(f"a.{name} IS b.{name}" for name in columns)
    later = staging.rows(
        f"SELECT b.place, b.source, b.line, {same} AS is_same, s.path, a.line AS first FROM"
        " (SELECT id, min(place) AS place FROM messages GROUP BY id HAVING count(*) > 1) f"
        " JOIN messages a ON a.place = f.place JOIN messages b ON b.id = f.id AND b.place > f.place"
        " JOIN sources s ON s.id = a.source"
    )
    for row in [*later]:
        staging.report(row["source"], row["line"], [repeated(row["path"], row["first"], bool(row["is_same"]))])
        staging.run("DELETE FROM messages WHERE place = ?", (row["place"],))
        staging.run("DELETE FROM named WHERE place = ?", (row["place"],))


def _merge_pairs(staging: Staging) -> None:
    """Merges conversations of two people about the same thing into the first of them: Parley has only one."""
    staging.run(
        "UPDATE conversations AS t SET pair = (SELECT json_array(min(user_id), max(user_id),"
        " json_extract(t.body, '$.context.type'), json_extract(t.body, '$.context.id')) FROM members m"
        " WHERE m.conversation_id = t.id HAVING count(*) = 2) WHERE type = 'direct'"
    )
    staging.run(
        "UPDATE conversations AS t SET merged_into = f.id FROM (SELECT pair, min(place) AS place FROM conversations"
        " WHERE pair IS NOT NULL GROUP BY pair HAVING count(*) > 1) g JOIN conversations f ON f.place = g.place"
        " WHERE t.pair = g.pair AND t.place != g.place"
    )
    if not staging.one("SELECT 1 FROM conversations WHERE merged_into IS NOT NULL LIMIT 1"):
        return
    staging.run(
        "INSERT INTO problems (source, line, severity, code, pointer, detail) SELECT source, line, 'warning',"
        " 'merged_pair', '', 'The two people have the conversation ' || merged_into || ' already: both become one.'"
        " FROM conversations WHERE merged_into IS NOT NULL"
    )
    merged = "SELECT merged_into FROM conversations c WHERE c.id = t.conversation_id AND merged_into IS NOT NULL"
    for table in ("messages", "reads", "settings"):
        staging.run(f"UPDATE OR IGNORE {table} AS t SET conversation_id = ({merged}) WHERE EXISTS ({merged})")
    for table in ("members", "settings"):
        staging.run(f"DELETE FROM {table} AS t WHERE EXISTS ({merged})")
    staging.run(
        "UPDATE conversations AS t SET created_ms = min(created_ms, (SELECT min(created_ms) FROM conversations m"
        " WHERE m.merged_into = t.id)) WHERE EXISTS (SELECT 1 FROM conversations m WHERE m.merged_into = t.id)"
    )


def _named(staging: Staging) -> None:
    """Reports reactions and mentions of people who are no users; a run that leaves out drops them."""
    unknown = (
        "n.user_id != '*' AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = n.user_id)"
        f" AND NOT {IS_RESERVED.format('user_id').replace('t.', 'n.')}"
    )
    found = staging.run(
        "INSERT INTO problems (source, line, severity, code, pointer, detail) SELECT m.source, m.line, 'error',"
        " CASE n.field WHEN 'reactions' THEN 'reaction_by_nobody' ELSE 'mention_of_nobody' END, '/' || n.field,"
        f" 'No user has the id ' || n.user_id || '.' FROM named n JOIN messages m ON m.place = n.place WHERE {unknown}"
    )
    if found:
        staging.run(f"INSERT OR IGNORE INTO dropped SELECT n.place, n.user_id FROM named n WHERE {unknown}")


def _number(staging: Staging, now_ms: int) -> None:
    """Numbers the messages of each conversation by their time; those of one time by their line.

    A conversation that does not say when it began is as old as its first message, and new without one.
    """
    staging.run("DELETE FROM numbers")
    staging.run(
        "INSERT INTO numbers SELECT place, row_number() OVER (PARTITION BY conversation_id ORDER BY at_ms, place)"
        " FROM messages"
    )
    staging.run(
        "UPDATE conversations AS t SET last_seq = n.found, created_ms = min(coalesce(created_ms, n.first), n.first)"
        " FROM (SELECT conversation_id, count(*) AS found, min(at_ms) AS first FROM messages GROUP BY 1) n"
        " WHERE n.conversation_id = t.id"
    )
    staging.run("UPDATE conversations SET created_ms = ? WHERE created_ms IS NULL", (now_ms,))


def _later_replies(staging: Staging, leaves_out: bool) -> None:
    """Reports replies to a message that is not older; a chain that leads back to its beginning is a cycle."""
    query = (
        "SELECT t.place, t.id, t.source, t.line, t.reply_to FROM messages t JOIN messages o ON o.id = t.reply_to"
        " AND +o.conversation_id = t.conversation_id JOIN numbers n ON n.place = t.place"
        " JOIN numbers p ON p.place = o.place WHERE t.reply_to IS NOT NULL AND p.seq >= n.seq"
    )
    for row in [*staging.rows(query)]:
        older = tickets.old_id_of(row["reply_to"])
        if _leads_back(staging, row["id"], row["reply_to"]):
            fault = Fault("cycle", "/reply_to", f"The replies lead from {older} back to this message.")
        else:
            fault = Fault("reply_to_later", "/reply_to", f"The message {older} is younger than its reply.")
        staging.report(row["source"], row["line"], [fault])
        if leaves_out:
            staging.run("UPDATE messages SET reply_to = NULL WHERE place = ?", (row["place"],))


def _leads_back(staging: Staging, first: str, reply_to: Any) -> bool:
    for _ in range(MAX_CHAIN):
        if reply_to is None or reply_to == first:
            return bool(reply_to == first)
        reply_to = staging.one("SELECT reply_to FROM messages WHERE id = ?", (reply_to,))
    return False


def _out_of_order(staging: Staging) -> None:
    """Reports how many messages of each source stand after a younger one of their conversation: one warning a source.

    The import sorts them by time. A ticket's description has no place of its own among the messages.
    """
    staging.run(
        "INSERT INTO problems (source, line, severity, code, pointer, detail)"
        " SELECT m.source, min(m.line), 'warning', 'out_of_order', '/created_at', 'Messages that stand after a younger"
        " one of their conversation: ' || count(*) || '. This is the first; all are sorted by time.' FROM"
        " (SELECT place, lead(place) OVER (PARTITION BY conversation_id ORDER BY at_ms, place) AS next FROM messages"
        " WHERE id NOT LIKE 'ticket:%~description') o"
        " JOIN messages m ON m.place = o.place WHERE o.next < o.place GROUP BY m.source"
    )


def _markers(staging: Staging, read_until_ms: int | None) -> None:
    """Computes how far each person has read: by their markers, by their own messages, else up to a date."""
    until = (
        "SELECT n.seq FROM messages m JOIN numbers n ON n.place = m.place WHERE m.conversation_id = {}.conversation_id"
        " AND m.at_ms <= {} ORDER BY m.at_ms DESC, m.place DESC LIMIT 1"
    )
    grouped = (
        "UPDATE members AS t SET read_seq = max(read_seq, f.seq), has_read_state = has_read_state OR {} FROM"
        " ({} GROUP BY 1, 2) f WHERE f.conversation_id = t.conversation_id AND f.user_id = t.user_id"
    )
    staging.run(grouped.format(1, (
        "SELECT r.conversation_id, r.user_id, max(n.seq) AS seq FROM reads r JOIN messages o ON o.id = r.message_id"
        " AND +o.conversation_id = r.conversation_id JOIN numbers n ON n.place = o.place"
    )))  # fmt: skip
    staging.run(grouped.format(1, (
        f"SELECT r.conversation_id, r.user_id, max(coalesce(({until.format('r', 'r.at_ms')}), 0)) AS seq"
        " FROM reads r WHERE r.at_ms IS NOT NULL"
    )))  # fmt: skip
    staging.run(grouped.format(0, (
        "SELECT m.conversation_id, m.sender_id AS user_id, max(n.seq) AS seq FROM messages m"
        " JOIN numbers n ON n.place = m.place"
    )))  # fmt: skip
    staging.run(
        "UPDATE members AS t SET delivered_seq = f.seq FROM (SELECT r.conversation_id, r.user_id, max(n.seq) AS seq"
        " FROM reads r JOIN messages o ON o.id = r.delivered_id AND +o.conversation_id = r.conversation_id"
        " JOIN numbers n ON n.place = o.place GROUP BY 1, 2) f"
        " WHERE f.conversation_id = t.conversation_id AND f.user_id = t.user_id"
    )
    if read_until_ms is not None:
        read = f"SELECT max(t.read_seq, coalesce(({until.format('t', '?')}), 0))"
        staging.run(f"UPDATE members AS t SET read_seq = ({read}) WHERE NOT has_read_state", (read_until_ms,))
    _of_settings(staging)


def _of_settings(staging: Staging) -> None:
    """Computes up to where each person has cleared or came in later, and from where on they have marked as unread.

    Nothing that a person does not see is unread.
    """
    staging.run(
        "UPDATE members AS t SET cleared_seq = n.seq FROM conversations c, messages o JOIN numbers n"
        " ON n.place = o.place WHERE o.id = t.joined_after AND +o.conversation_id = t.conversation_id"
        " AND c.id = t.conversation_id AND c.type = 'group'"
        " AND coalesce(t.history, json_extract(c.body, '$.history')) = 'joined'"
    )
    chosen = (
        "UPDATE members AS t SET {} FROM settings s JOIN messages o ON o.id = json_extract(s.body, '$.{}')"
        " AND +o.conversation_id = s.conversation_id JOIN numbers n ON n.place = o.place"
        " JOIN conversations c ON c.id = s.conversation_id"
        " WHERE s.conversation_id = t.conversation_id AND s.user_id = t.user_id"
    )
    staging.run(chosen.format("cleared_seq = max(t.cleared_seq, n.seq)", "cleared_until"))
    from_seq = "max(n.seq, t.cleared_seq + 1)"
    staging.run(chosen.format(f"unread_from_seq = {from_seq}", "unread_from") + f" AND {from_seq} <= c.last_seq")
