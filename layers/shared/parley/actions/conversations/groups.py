"""Groups and the life of conversations: creating a group, its title and rules, closing and reopening."""

import secrets
from typing import TypeVar

import msgspec

from parley.actions import access, limits, named, push, screening
from parley.actions.conversations import group_changes
from parley.actions.conversations.earlier import with_earlier
from parley.actions.conversations.views import answer_for_host
from parley.actions.named import Known
from parley.actions.parallel import in_parallel
from parley.actions.people import everyone, may_open, profiles
from parley.actions.screening import Screened
from parley.actions.viewer import reader_of
from parley.adapters.conversations import conversations, journal, messages
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.moderation import word_list_cache
from parley.domain.api import ids
from parley.domain.api.custom_data import compact
from parley.domain.api.errors import client_id_reused
from parley.domain.api.identity import HOST_SENDER
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateConversation, Everyone, UpdateConversation
from parley.domain.api.types import ConversationAnswer
from parley.domain.conversations import group_steps, views
from parley.domain.conversations.adding import adding_id, adding_status, new_adding
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import Step

Named = TypeVar("Named", CreateConversation, UpdateConversation)


def create_group(request: Request, wanted: CreateConversation) -> tuple[ConversationAnswer, bool]:
    """Returns the caller's new group and whether this call made it: a call with the same `client_id` may have.

    Four round trips and the posts; one if the group is there. The host's own server, which names `owner_ids`, is not in
    the group.
    """
    if wanted.owner_ids is not None:
        profiles.require_service(request, "make a group that it is not in", "owner_ids")
        group_steps.check_people(request, wanted)
        request = request.in_name_of(HOST_SENDER)
    client_id = wanted.client_id or secrets.token_hex(16)
    if wanted.everyone is None:
        answer, _, is_new = _create(request, wanted, client_id)
        return answer, is_new
    wanted.everyone.check(f"{request.field_prefix}/everyone")
    answer, head, is_new = _create(request, wanted, client_id)
    return _with_progress(request, answer, head, client_id), is_new


def _with_progress(request: Request, answer: ConversationAnswer, head: Head, client_id: str) -> ConversationAnswer:
    """Returns the answer that says how far the adding of everyone is, unless the group has had another one since."""
    adding = head.adding
    if adding is None or adding.id != adding_id(request.user_id, client_id):
        return answer
    return msgspec.structs.replace(answer, adding=adding_status(adding))


def _create(request: Request, wanted: CreateConversation, client_id: str) -> tuple[ConversationAnswer, Head, bool]:
    """Returns the group as its creator sees it, its head, and whether this call made it."""
    conversation_id = ids.group_id(request.user_id, client_id)
    for _ in conditions.tries():
        rows = _before_creating(request, conversation_id, wanted)
        head = conversations.head_of(rows, conversation_id)
        if head is not None:
            return _made_before(request, wanted, head, rows), head, False
        step = _with_everyone(request, _creation(request, conversation_id, wanted, rows), wanted.everyone, client_id)
        in_parallel(
            lambda: limits.take_own(request, compact(wanted.metadata) or ""), lambda: limits.check_groups(request)
        )
        try:
            journal.write(step, request.now_s)
        except conditions.LostRace:
            continue
        users = group_changes.tell_created(request, step.after)
        if request.acts_as is not None:
            return answer_for_host(request, step.after, users), step.after, True
        reader = reader_of(request.user_id, [step.after])  # its only message is the system's: nothing is read
        added = {member.user_id: member for member in step.members.added}
        shown = views.view_conversation(step.after, reader, added, {})
        return named.of_conversation(request, shown, Known.of(users)), step.after, True
    raise conditions.busy()


def _before_creating(request: Request, conversation_id: str, wanted: CreateConversation) -> Rows:
    """Returns what creating a group must know: the group, if it is there, and the wanted members; one round trip.

    It costs a read unit for each of three keys a person, and three more with a `client_id`.
    """
    keys = may_open.reads_to_decide(request, _others(request, wanted)) | {
        tables.WordList: word_list_cache.due(request.now_s)
    }
    if wanted.client_id is not None:
        keys |= {
            tables.Conversation: [(conversation_id,)],
            tables.Membership: [(request.user_id, conversation_id)],
            tables.Message: [messages.first_key(conversation_id)],
        }
    rows = batches.read_rows(keys, stale=(tables.WordList,))
    word_list_cache.take(rows, request.now_s)
    return rows


def _made_before(request: Request, wanted: CreateConversation, head: Head, rows: Rows) -> ConversationAnswer:
    """Returns the group that was made with a `client_id`, as it is now; refuses a request for a different group."""
    mine = conversations.membership_of(rows, request.user_id, head.conversation_id)
    if mine is None and request.acts_as is None:
        raise access.no_conversation()
    if messages.fingerprint_of(rows, head.conversation_id) not in (None, group_steps.fingerprint(request, wanted)):
        raise client_id_reused("group", request.field_prefix)
    users: named.Users = {}
    if head.last_seq == 1 and push.is_news(request, (head.conversation_id, 0), head.created_at_ms):
        users = group_changes.tell_created(request, head)  # the try that made it may have died before its posts
    if mine is None:
        return answer_for_host(request, head, users)
    earlier, beside = with_earlier({request.user_id: (head, mine)}, users)
    shown = views.view_conversation(head, reader_of(request.user_id, [head]), {request.user_id: mine} | earlier, {})
    return named.of_conversation(request, shown, Known.of(users) | beside)


def _creation(request: Request, conversation_id: str, wanted: CreateConversation, rows: Rows) -> Step:
    """Returns the step that creates a group; refuses words and people that may not be in it."""
    allowed, *screened = _screened(request, wanted)
    step = group_steps.create_group(request, conversation_id, allowed, group_steps.fingerprint(request, wanted))
    pointers = group_changes.pointers(request, "owner_ids", wanted.owner_ids or ())
    pointers |= group_changes.pointers(request, "member_ids", wanted.member_ids)
    group_changes.check_may_be_added(request, _others(request, wanted), pointers, rows)
    return screening.flagged(request, step, *screened)


def _with_everyone(request: Request, step: Step, wanted: Everyone | None, client_id: str) -> Step:
    """Returns the step that also begins the adding of everyone, if the request wants it; two round trips then."""
    if wanted is None:
        return step
    adding = new_adding(request, wanted, client_id, step.after.last_change_seq)
    everyone.check_selector(request, adding)
    limits.take_for_adding(request)
    return msgspec.structs.replace(step, after=msgspec.structs.replace(step.after, adding=adding))


def _others(request: Request, wanted: CreateConversation) -> list[str]:
    people = dict.fromkeys((*(wanted.owner_ids or ()), *wanted.member_ids))
    return [user_id for user_id in people if user_id != request.user_id]


def update_conversation(request: Request, conversation_id: str, wanted: UpdateConversation) -> ConversationAnswer:
    """Changes a conversation's title, description, rules, state or data; three round trips and the posts.

    One more if the caller has deleted the last message for themselves, and none came by the change.
    """
    request = access.as_host(request)

    def decide(head: Head, _: group_changes.Memberships) -> Step | None:
        word_list_cache.check_now(request.now_s)
        allowed, *screened = _screened(request, wanted)
        step = group_steps.update_conversation(request, head, allowed)
        return None if step is None else screening.flagged(request, step, *screened)

    counted = compact(wanted.metadata) if isinstance(wanted.metadata, dict) else None
    head, there, users = group_changes.change(
        request, conversation_id, (request.user_id,), decide, counted=counted or ""
    )
    if request.acts_as is not None:
        return answer_for_host(request, head, users)
    sides = dict(there)
    if not head.has_members:
        people = [(user_id, conversation_id) for user_id in head.participants]
        found, users = conversations.memberships_and_users(people)
        sides = {user_id: found[user_id, conversation_id] for user_id in head.participants}
    earlier, beside = with_earlier({request.user_id: (head, sides[request.user_id])}, users)
    reader = reader_of(request.user_id, [head])
    shown = views.view_conversation(head, reader, sides | earlier, {} if head.has_members else users)
    return named.of_conversation(request, shown, Known.of(users) | beside)


def _screened(request: Request, wanted: Named) -> tuple[Named, Screened, Screened]:
    """Returns the wanted title and description, as the banned words leave them."""
    title, description = (
        screening.screen(request, text, name) if isinstance(text := getattr(wanted, name), str) else Screened(text="")
        for name in ("title", "description")
    )
    changed = {
        name: screened.text
        for name, screened in (("title", title), ("description", description))
        if isinstance(getattr(wanted, name), str)
    }
    return msgspec.structs.replace(wanted, **changed), title, description
