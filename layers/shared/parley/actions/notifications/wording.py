"""The words of a notice, in the language of the person who gets it."""

from collections.abc import Sequence

from msgspec.structs import replace

from parley.actions.notifications.facts import Known
from parley.adapters.notifications import notice_texts
from parley.adapters.notifications.notices import Entry
from parley.domain.api.times import rfc3339
from parley.domain.api.types import MessageAttachment
from parley.domain.notifications.inbox import Notification, notification_id
from parley.domain.notifications.notice import Notice
from parley.domain.notifications.texts import Told, text_of, title_of


def notice_of(known: Known, *, count: int, sums: bool) -> Notice:
    """Returns the notice of a push or an e-mail, which stands for `count` messages.

    Its text says how many there are if it sums them up, else it has the words of the message, if the person wants to
    see them there.
    """
    occasion = known.pair.occasion
    # A push stands for mentions and other messages alike, an entry of the inbox for one of both.
    is_push = known.pair.kind is None
    told = known.gathered.told if is_push else known.gathered.told_together
    newest = told[-1] if sums and told else known.message
    shown = known if newest is None or newest.sender_id != occasion.by else replace(known, message=newest)
    of_mentions = known.gathered.are_mentions if is_push else known.facts.kind == "mention"
    title, text = _words(
        shown, count if sums else 1, previews=known.facts.preferences.previews, of_mentions=of_mentions
    )
    return Notice(
        kind=known.facts.kind,
        conversation_id=occasion.conversation_id,
        seq=occasion.seq if newest is None else newest.seq,
        message_id=None if newest is None else newest.message_id,
        title=title,
        text=text,
        count=count,
        at_ms=occasion.at_ms,
        by=occasion.by or None,
        rule_id=_rule_of(known),
    )


def notification_of(known: Known, entry: Entry, *, seen: bool) -> Notification:
    """Returns an entry of the inbox, as the person may see it now."""
    title, text = _words(known, 1, previews=True)
    return Notification(
        id=notification_id(entry.place),
        kind=known.facts.kind,
        conversation_id=known.pair.occasion.conversation_id,
        message_id=None if known.message is None else known.message.message_id,
        title=title,
        text=text,
        count=count_of(known, entry),
        created_at=rfc3339(entry.at_ms),
        seen=seen,
        rule_id=_rule_of(known),
    )


def _rule_of(known: Known) -> str | None:
    """Returns the rule of the desk that notifies the person; None for none."""
    return None if known.news is None else known.news.rule_id


def count_of(known: Known, entry: Entry | None) -> int:
    """Returns how many things an entry of the inbox tells together."""
    changes = 0 if entry is None or known.facts.kind not in ("ticket", "missed_call") else len(entry.numbers)
    return max(1, known.gathered.count, changes)


def _words(known: Known, count: int, *, previews: bool, of_mentions: bool = False) -> tuple[str, str]:
    language, texts = notice_texts.for_locale(known.recipient.locale)
    message, head = known.message, known.head
    note = None if message is None else message.system
    told = Told(
        kind=known.facts.kind,
        name=known.name,
        title=None if head is None else head.title,
        text=message.text if message is not None and previews else "",
        files=None if message is None else _files(message.attachments, is_voice=message.kind == "voice"),
        emoji=None if known.change is None else known.change.emoji,
        is_video=note is not None and note.media == "video",
        is_group=head is not None and head.is_group,
        is_ticket=head is not None and head.is_desks,
        news=known.news,
        count=count,
        of_mentions=of_mentions,
    )
    return title_of(texts, told), text_of(texts, language, told)


def _files(attachments: Sequence[MessageAttachment], *, is_voice: bool) -> str | None:
    if not attachments:
        return None
    if is_voice:
        return "voice"
    kinds = {attachment.kind for attachment in attachments}
    if len(attachments) > 1:
        return "files"
    return kinds.pop()
