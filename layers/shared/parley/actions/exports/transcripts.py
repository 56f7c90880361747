"""The transcript of a conversation as an export's owner sees it, message by message."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from parley.actions import access
from parley.actions.parallel import in_parallel
from parley.adapters.attachments import attachments, limits
from parley.adapters.conversations import conversations, messages, personal_marks
from parley.adapters.dynamodb import batches, tables
from parley.adapters.people import blocks, senders
from parley.domain.api import ids
from parley.domain.api.types import Message
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.message import PersonalMarks, StoredMessage, Viewer
from parley.domain.exports import transcript_html
from parley.domain.exports.job import MAX_MEMBERS, About, Job, Person, about_export
from parley.domain.exports.transcript_html import Line

LOOK_BACK = 10  # messages read again at the start of a part
PAGE = 100  # messages whose people and replied-to messages are looked up at once: one batch each (DynamoDB quotas)


class Transcript:
    """The messages of a job that are not done, and what the file says of the conversation."""

    def __init__(self, job: Job, now_ms: int) -> None:
        self._job = job
        head = conversations.head(job.conversation_id)
        if head is None:
            raise access.no_conversation()
        self._head = head
        self._files_since_ms = limits.files_since_ms(now_ms)
        self.names: dict[str, str | None] = {}
        self._before: Message | None = None

    @cached_property
    def about(self) -> About:
        """Returns what the first and the last part say of the conversation; two round trips or more."""
        head = self._head
        people = head.participants or conversations.member_ids(head.conversation_id, MAX_MEMBERS)
        self._learn(people)
        members = [Person(user_id=user_id, name=self.names[user_id], role=head.role_of(user_id)) for user_id in people]
        return about_export(self._job, self._head, members)

    def pages(self) -> Iterator[list[Line]]:
        """Yields up to `PAGE` messages at a time, without those that the owner has hidden.

        In HTML they have their neighbours, and `names` knows their people.
        """
        job = self._job
        # Some before the first, because a message's layout depends on the one before (a new day, the same sender).
        found = messages.each(job.conversation_id, max(job.first_seq, job.done + 1 - LOOK_BACK), job.total)
        for page in _pages(found):
            shown = self._seen(page)
            while shown and shown[0].seq <= job.done:
                self._before = shown.pop(0)
            yield self._lines(shown)

    def _seen(self, page: Sequence[StoredMessage]) -> list[Message]:
        """Returns messages as the export's owner sees them, without those that they have hidden."""
        job = self._job
        viewer = self._viewer(personal_marks.marks_on(job.conversation_id, job.user_id, page[0].seq, page[-1].seq))
        return [viewer.view(message) for message in page if not viewer.is_hidden(message)]

    def _viewer(self, marks: Mapping[int, PersonalMarks]) -> Viewer:
        return Viewer(
            user_id=self._job.user_id, blocked=self._blocked, marks=marks, files_since_ms=self._files_since_ms
        )

    @cached_property
    def _blocked(self) -> frozenset[str]:
        """Returns the users whom the export's owner has blocked, if it is a group; one round trip."""
        return frozenset(blocks.blocked_by(self._job.user_id) if self._head.is_group else ())

    def _lines(self, shown: Sequence[Message]) -> list[Line]:
        if self._job.format == "jsonl":
            return [Line(message=message, before=None, answered=None) for message in shown]
        answered = self._answered(shown)
        lines = []
        for message in shown:
            lines.append(Line(message=message, before=self._before, answered=answered.get(message.reply_to or "")))
            self._before = message
        self._learn(transcript_html.people_in(lines))
        return lines

    def _answered(self, shown: Sequence[Message]) -> dict[str, Message]:
        """Returns the messages that these reply to, by id, without those that the export's owner does not see.

        One round trip, whatever their number; none if all are among these.
        """
        here = {message.id: message for message in shown}
        elsewhere = {message.reply_to for message in shown if message.reply_to is not None} - here.keys()
        answered = (ids.split_message_id(message_id, "")[1] for message_id in elsewhere)
        seqs = [seq for seq in answered if seq >= self._job.first_seq]
        if not seqs:
            return here
        conversation_id, user_id = self._job.conversation_id, self._job.user_id
        found, hidden = in_parallel(
            lambda: messages.some(conversation_id, seqs), lambda: personal_marks.hidden(conversation_id, user_id, seqs)
        )
        viewer = self._viewer({})
        return here | {message.message_id: viewer.view(message) for seq, message in found.items() if seq not in hidden}

    def _learn(self, user_ids: Iterable[str]) -> None:
        """Looks up the names that are still unknown."""
        new = [user_id for user_id in user_ids if user_id not in self.names]
        if new:
            self.names |= conversations.names(new)
            self.names |= {sender.user_id: sender.name for sender in map(senders.system_sender, new) if sender}


def files_of(lines: Sequence[Line]) -> dict[str, StoredAttachment]:
    """Returns the attachments of messages as they are stored, without those that are gone.

    One round trip for 100; none if there are no attachments.
    """
    wanted = [each.id for line in lines for each in line.message.attachments if not each.expired]
    if not wanted:
        return {}
    rows = batches.read_rows({tables.File: [attachments.key(each) for each in wanted]})
    return {each: found for each, found in attachments.readable(rows, wanted).items() if found.state == "clean"}


def _pages(found: Iterator[StoredMessage]) -> Iterator[list[StoredMessage]]:
    while page := list(islice(found, PAGE)):
        yield page
