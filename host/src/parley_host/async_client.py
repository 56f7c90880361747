"""The client for asyncio. `client.py` is made from this file by `make docs`."""

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

import httpx

from parley_host import bulk
from parley_host.errors import Interrupted, NotFound, NotInTime, ParleyError, Unreachable
from parley_host.ids import UserId, parley_id, with_parley_ids
from parley_host.pauses import pause_async
from parley_host.requests import VERSION, Call, content_of, days_of, path, problem_of, rfc3339, with_client_id
from parley_host.retries import DEFAULT_RETRIES, Retries
from parley_host.tokens import ServiceTokens
from parley_host.types import (
    AddedMembers,
    AddingStatus,
    AddMembers,
    Article,
    ArticleVersion,
    AssignTicket,
    AttachmentUpload,
    AttachmentUrlMap,
    Automations,
    CannedReplyAnswer,
    ChangedTickets,
    ContextMember,
    ContextPerson,
    ContextRef,
    Conversation,
    CreateArticle,
    CreateCannedReply,
    CreateConversation,
    CreateMacro,
    CreateTicket,
    CreateWebhook,
    DeletedArticle,
    DeletedCannedReply,
    DeletedMacro,
    DeletedWebhook,
    DeliveryView,
    Erasure,
    Everyone,
    Export,
    FinishImport,
    FoundArticles,
    HistoryEntry,
    ImportAnswer,
    ImportAttachment,
    ImportConversation,
    ImportMessages,
    ItemResult,
    LiftedSuspension,
    ListedArticle,
    ListedCannedReply,
    ListedUser,
    Macro,
    MacroAnswer,
    Member,
    Message,
    ModeratedConversation,
    MutedMember,
    MuteMember,
    Person,
    PutAgent,
    PutArticle,
    PutAutomations,
    PutCannedReply,
    PutMacro,
    PutUser,
    QueueCounts,
    QueuedDelivery,
    Removal,
    RemovedMember,
    RemoveMessages,
    Replay,
    RotateSecret,
    SendMessage,
    SendMessageToUser,
    SentMessage,
    SetConversationState,
    SetRole,
    SignedOut,
    SimulateSla,
    Simulation,
    Stats,
    StoredConversation,
    StoredMember,
    StoredReaction,
    SuggestArticles,
    SuggestedArticles,
    SupportAgent,
    SupportAgentAnswer,
    SupportMetrics,
    SupportTicket,
    SupportTicketAnswer,
    SuspensionDetails,
    SuspensionScope,
    TicketChanges,
    TicketSlaAnswer,
    TriedAutomations,
    TryAutomations,
    UndoAnswer,
    UpdateConversation,
    UpdateTicket,
    UpdateWebhook,
    UserStats,
    WarningDetails,
    WarnUser,
    WebhookAnswer,
    WebhookDetails,
    WebhookWithSecret,
)

T = TypeVar("T")
MetricsBy = Literal["day", "category", "priority", "agent"]


class AsyncParley:
    """Parley's REST API, for your server. Each method has the name of its operation, and may be called again safely.

    All of them raise `Problem` if Parley refuses, and `Unreachable` if it does not answer.
    """

    def __init__(
        self,
        url: str,
        tokens: ServiceTokens,
        *,
        timeout_s: float = 10.0,
        retries: Retries = DEFAULT_RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Takes the output `RestUrl` of the stack; `timeout_s` bounds each try, `retries` all of them."""
        self._tokens = tokens
        self._retries = retries
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=timeout_s,
            transport=transport,
            headers={"User-Agent": f"parley-host/{VERSION}"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    # People

    async def put_user(self, user_id: UserId, **fields: Unpack[PutUser]) -> Person:
        """States who a person is; it replaces what you have stated before."""
        person: Person = await self._answer(Call("PUT", path("users", parley_id(user_id)), fields))
        return person

    async def put_users(self, users: Iterable[ListedUser]) -> list[ItemResult]:
        """States who people are, 100 a request; returns a result for each, in their order (`bulk.refused`)."""

        async def put(part: Sequence[ListedUser]) -> list[ItemResult]:
            return await self._results("/users", {"users": [with_parley_ids(user) for user in part]})

        return await self._in_parts([*users], put)

    async def get_user(self, user_id: UserId) -> Person:
        """Returns the whole profile of a person."""
        person: Person = await self._answer(Call("GET", path("users", parley_id(user_id))))
        return person

    async def list_users(self, user_ids: Iterable[UserId]) -> list[Person]:
        """Returns the profiles of people; those whom Parley does not know are left out."""
        found: list[Person] = []
        for part in bulk.parts_of_a_query([parley_id(user_id) for user_id in user_ids]):
            found += (await self._answer(Call("GET", "/users", query={"ids": ",".join(part)}, lists="users")))["users"]
        return found

    def list_directory(self) -> AsyncIterator[Person]:
        """Yields everybody whom Parley knows, by name; people who were put a moment ago may be missing."""
        return self._pages("/users", "users")

    async def sign_out_user(self, user_id: UserId) -> SignedOut:
        """Closes every connection of a person, and lets Parley refuse their tokens of before."""
        signed_out: SignedOut = await self._answer(Call("POST", path("users", parley_id(user_id), "sign-out")))
        return signed_out

    # Contexts

    async def put_context_person(self, context_type: str, context_id: str, user_id: UserId) -> ContextPerson:
        """Adds a person to a context."""
        place = path("contexts", context_type, context_id, "people", parley_id(user_id))
        person: ContextPerson = await self._answer(Call("PUT", place))
        return person

    async def remove_context_person(self, context_type: str, context_id: str, user_id: UserId) -> ContextPerson:
        """Takes a person out of a context."""
        place = path("contexts", context_type, context_id, "people", parley_id(user_id))
        person: ContextPerson = await self._answer(Call("DELETE", place))
        return person

    async def put_context_people(
        self, context_type: str, context_id: str, *, add: Iterable[UserId] = (), remove: Iterable[UserId] = ()
    ) -> list[ItemResult]:
        """Adds and removes people of a context, 100 a request; returns the results of `add`, then those of `remove`."""
        place = path("contexts", context_type, context_id, "people")

        async def put(part: Sequence[tuple[str, str]]) -> list[ItemResult]:
            lists = {list_name: [person for chosen, person in part if chosen == list_name] for list_name, _ in part}
            return await self._results(place, lists)

        added = [("add", parley_id(user_id)) for user_id in add]
        removed = [("remove", parley_id(user_id)) for user_id in remove]
        return await self._in_parts([*added, *removed], put)

    def list_context_people(self, context_type: str, context_id: str) -> AsyncIterator[ContextMember]:
        """Yields the people whom you have added to a context, by id."""
        return self._pages(path("contexts", context_type, context_id, "people"), "people")

    def list_user_contexts(self, user_id: UserId) -> AsyncIterator[ContextRef]:
        """Yields the contexts to which you have added a person."""
        return self._pages(path("users", parley_id(user_id), "contexts"), "contexts")

    # Conversations

    async def create_conversation(self, **fields: Unpack[CreateConversation]) -> Conversation:
        """Opens a direct conversation, or returns the one that is there; makes a group, with a `client_id` once.

        `user_ids` are two others, and with `owner_ids` your server is not in the group.
        """
        body = with_parley_ids(with_client_id(fields) if fields["type"] == "group" else fields)
        conversation: Conversation = await self._answer(Call("POST", "/conversations", body))
        return conversation

    async def send_message(self, conversation_id: str, **fields: Unpack[SendMessage]) -> SentMessage:
        """Sends a message into a conversation; `sender_id` is a person or a system sender, else it is your server."""
        body = with_parley_ids(with_client_id(fields))
        message: SentMessage = await self._answer(
            Call("POST", path("conversations", conversation_id, "messages"), body)
        )
        return message

    async def send_message_to_user(self, **fields: Unpack[SendMessageToUser]) -> SentMessage:
        """Sends a message to a person, or to two others (`user_ids`), and opens the conversation if there is none."""
        body = with_parley_ids(with_client_id(fields))
        message: SentMessage = await self._answer(Call("POST", "/messages", body))
        return message

    async def get_conversation(self, conversation_id: str) -> Conversation:
        """Returns a conversation; Parley's audit log says so."""
        conversation: Conversation = await self._answer(Call("GET", path("conversations", conversation_id)))
        return conversation

    async def update_conversation(self, conversation_id: str, **fields: Unpack[UpdateConversation]) -> Conversation:
        """Changes the title, the state or other data of a conversation."""
        place = path("conversations", conversation_id)
        conversation: Conversation = await self._answer(Call("PATCH", place, fields))
        return conversation

    def list_messages(self, conversation_id: str, *, after: int = 0) -> AsyncIterator[Message]:
        """Yields the messages after a `seq`, the oldest first; Parley's audit log has an entry for each page."""
        return self._messages(path("conversations", conversation_id, "messages"), after)

    def list_members(self, conversation_id: str) -> AsyncIterator[Member]:
        """Yields the members of a conversation."""
        return self._pages(path("conversations", conversation_id, "members"), "members")

    async def add_members(self, conversation_id: str, **fields: Unpack[AddMembers]) -> AddedMembers:
        """Adds people to a group; `everyone` with the same `client_id` again says how far that is."""
        place = path("conversations", conversation_id, "members")
        body = with_parley_ids(with_client_id(fields) if "everyone" in fields else fields)
        added: AddedMembers = await self._answer(Call("POST", place, body))
        return added

    async def wait_for_everyone(
        self,
        conversation_id: str,
        everyone: Everyone,
        *,
        client_id: str | None = None,
        timeout_s: float = 600,
        every_s: float = 5,
    ) -> AddingStatus:
        """Adds everyone of a role or a context to a group, and returns that at its end; raises NotInTime.

        With the `client_id` of an earlier call it waits for that.
        """
        deadline_s = time.monotonic() + timeout_s
        wanted = with_client_id({"client_id": client_id})
        wait_s = min(0.5, every_s)
        while True:
            added: Any = await self.add_members(conversation_id, everyone=everyone, client_id=wanted["client_id"])
            adding: AddingStatus = added["adding"]
            if adding["state"] != "running":
                return adding
            if time.monotonic() + wait_s > deadline_s:
                raise NotInTime(conversation_id, adding["state"])
            await pause_async(wait_s)
            wait_s = min(2 * wait_s, every_s)

    async def put_member(self, conversation_id: str, user_id: UserId, **fields: Unpack[SetRole]) -> Member:
        """Adds a person to a group, or changes their role in it."""
        place = path("conversations", conversation_id, "members", parley_id(user_id))
        member: Member = await self._answer(Call("PUT", place, fields))
        return member

    async def remove_member(self, conversation_id: str, user_id: UserId) -> RemovedMember:
        """Takes a person out of a group."""
        place = path("conversations", conversation_id, "members", parley_id(user_id))
        removed: RemovedMember = await self._answer(Call("DELETE", place))
        return removed

    # Moderation

    async def remove_message(
        self, message_id: str, *, report_id: str | None = None, resolution: str | None = None
    ) -> Message:
        """Removes a message for all members, for 30 days restorably; `report_id` is a report that it decides."""
        decision = {"report_id": report_id, "resolution": resolution}
        query = {name: value for name, value in decision.items() if value is not None}
        message: Message = await self._answer(Call("DELETE", path("admin", "messages", message_id), query=query))
        return message

    async def restore_message(self, message_id: str) -> Message:
        """Brings a removed message back."""
        message: Message = await self._answer(Call("POST", path("admin", "messages", message_id, "restore")))
        return message

    async def remove_messages(self, **fields: Unpack[RemoveMessages]) -> Removal:
        """Starts to remove what a person wrote in the last hours; with a `client_id` once."""
        body = with_parley_ids(with_client_id(fields))
        removal: Removal = await self._answer(Call("POST", "/admin/removals", body))
        return removal

    async def get_removal(self, removal_id: str) -> Removal:
        """Returns how far a removal has got."""
        removal: Removal = await self._answer(Call("GET", path("admin", "removals", removal_id)))
        return removal

    async def wait_for_removal(self, removal_id: str, *, timeout_s: float = 600, every_s: float = 5) -> Removal:
        """Returns a removal that is done or was stopped; raises NotInTime if it failed or takes longer."""
        deadline_s = time.monotonic() + timeout_s
        wait_s = min(0.5, every_s)
        while (removal := await self.get_removal(removal_id))["state"] not in ("done", "stopped"):
            if removal["state"] == "failed" or time.monotonic() + wait_s > deadline_s:
                raise NotInTime(removal_id, removal["state"])
            await pause_async(wait_s)
            wait_s = min(2 * wait_s, every_s)
        return removal

    async def export_search(
        self,
        user_id: UserId,
        q: str,
        *,
        since: datetime | None = None,
        to: datetime | None = None,
        client_id: str | None = None,
    ) -> Export:
        """Starts to export the messages of a person with all the words of `q`, between two times with their zone."""
        times = {"from": since, "to": to}
        body = {"q": q, "user_id": parley_id(user_id), "client_id": client_id}
        body |= {name: rfc3339(time) for name, time in times.items() if time is not None}
        export: Export = await self._answer(Call("POST", "/admin/search/export", with_client_id(body)))
        return export

    async def get_export(self, export_id: str) -> Export:
        """Returns how far an export has got, with the address of its file when it is done."""
        export: Export = await self._answer(Call("GET", path("exports", export_id)))
        return export

    async def mute_member(self, conversation_id: str, user_id: UserId, **fields: Unpack[MuteMember]) -> MutedMember:
        """Keeps a member from writing, until it is ended."""
        place = path("admin", "conversations", conversation_id, "mutes", parley_id(user_id))
        muted: MutedMember = await self._answer(Call("PUT", place, fields))
        return muted

    async def unmute_member(self, conversation_id: str, user_id: UserId) -> MutedMember:
        """Lets a muted member write again."""
        place = path("admin", "conversations", conversation_id, "mutes", parley_id(user_id))
        unmuted: MutedMember = await self._answer(Call("DELETE", place))
        return unmuted

    async def set_conversation_state(
        self, conversation_id: str, **fields: Unpack[SetConversationState]
    ) -> ModeratedConversation:
        """Closes a conversation so that its members cannot open it, or opens it again."""
        place = path("admin", "conversations", conversation_id, "state")
        conversation: ModeratedConversation = await self._answer(Call("PUT", place, fields))
        return conversation

    async def warn_user(self, **fields: Unpack[WarnUser]) -> WarningDetails:
        """Warns a person, who finds the warning in `GET /me`; with a `client_id` once."""
        body = with_parley_ids(with_client_id(fields))
        warning: WarningDetails = await self._answer(Call("POST", "/admin/warnings", body))
        return warning

    async def list_warnings(self, user_id: UserId) -> list[WarningDetails]:
        """Returns the newest ten warnings of a person, the newest first."""
        found = await self._answer(
            Call("GET", "/admin/warnings", query={"user_id": parley_id(user_id)}, lists="warnings")
        )
        warnings: list[WarningDetails] = found["warnings"]
        return warnings

    async def suspend_user(
        self,
        user_id: UserId,
        *,
        until: datetime,
        reason: str,
        scope: SuspensionScope,
        report_id: str | None = None,
        resolution: str | None = None,
    ) -> SuspensionDetails:
        """Suspends a person from writing (`write`) or from everything (`all`), until a time with its zone."""
        body = {"until": rfc3339(until), "reason": reason, "scope": scope}
        decision = {"report_id": report_id, "resolution": resolution} if report_id else {}
        place = path("admin", "suspensions", parley_id(user_id))
        suspension: SuspensionDetails = await self._answer(Call("PUT", place, {**body, **decision}))
        return suspension

    async def get_suspension(self, user_id: UserId) -> SuspensionDetails | None:
        """Returns the suspension of a person, None if there is none."""
        try:
            suspension: SuspensionDetails = await self._answer(
                Call("GET", path("admin", "suspensions", parley_id(user_id)))
            )
        except NotFound as problem:
            if problem.code != "suspension_not_found":
                raise
            return None
        return suspension

    async def lift_suspension(self, user_id: UserId) -> LiftedSuspension:
        """Ends a suspension before its time; does nothing if there is none."""
        lifted: LiftedSuspension = await self._answer(Call("DELETE", path("admin", "suspensions", parley_id(user_id))))
        return lifted

    def list_suspensions(self) -> AsyncIterator[SuspensionDetails]:
        """Yields the suspensions that hold, the first to end first."""
        return self._pages("/admin/suspensions", "suspensions")

    # Support

    async def create_ticket(self, **fields: Unpack[CreateTicket]) -> SupportTicketAnswer:
        """Opens a ticket for a customer (`requester_id`), in their name; with a `client_id` once."""
        body = with_parley_ids(with_client_id(fields))
        ticket: SupportTicketAnswer = await self._answer(Call("POST", "/support/tickets", body))
        return ticket

    async def get_ticket(self, ticket_id: str) -> SupportTicketAnswer:
        """Returns a ticket. It is a conversation, too: `list_messages` and `send_message` take its id."""
        ticket: SupportTicketAnswer = await self._answer(Call("GET", path("support", "tickets", ticket_id)))
        return ticket

    async def get_ticket_sla(self, ticket_id: str) -> TicketSlaAnswer:
        """Returns the clocks of a ticket, with their targets and business hours."""
        clocks: TicketSlaAnswer = await self._answer(Call("GET", path("support", "tickets", ticket_id, "sla")))
        return clocks

    async def simulate_sla(self, **fields: Unpack[SimulateSla]) -> Simulation:
        """Returns what a policy would have told of a page of past tickets; its `next` is the `cursor` of the next one.

        Parley's audit log has an entry for each page.
        """
        simulation: Simulation = await self._answer(Call("POST", "/support/sla/simulate", fields))
        return simulation

    async def try_automations(self, **fields: Unpack[TryAutomations]) -> TriedAutomations:
        """Returns what rules would have done to a page of past tickets; its `next` is the `cursor` of the next one.

        Parley's audit log has an entry for each page.
        """
        found: TriedAutomations = await self._answer(Call("POST", "/support/automations/try", fields))
        return found

    def list_all_tickets(self, **filters: str | int) -> AsyncIterator[SupportTicket]:
        """Yields the tickets that pass the filters of the queue, the oldest first; the open ones without any.

        `status`, `priority`, `category`, `assignee`, `team`, `tag`, `requester`, `overdue`, `q` and `order` filter.
        Parley's audit log has an entry for each page.
        """
        of_people = {"assignee", "requester"}
        query = {name: parley_id(value) if name in of_people else value for name, value in filters.items()}
        return self._pages("/support/tickets/admin/all", "tickets", query)

    async def update_ticket(self, ticket_id: str, **fields: Unpack[UpdateTicket]) -> SupportTicketAnswer:
        """Changes status, priority, category, tags or subject of a ticket."""
        ticket: SupportTicketAnswer = await self._answer(Call("PATCH", path("support", "tickets", ticket_id), fields))
        return ticket

    async def assign_ticket(self, ticket_id: str, **fields: Unpack[AssignTicket]) -> SupportTicketAnswer:
        """Gives a ticket to an agent, a team, or nobody (`assignee_id=None`)."""
        place = path("support", "tickets", ticket_id, "assign")
        ticket: SupportTicketAnswer = await self._answer(Call("POST", place, with_parley_ids(fields)))
        return ticket

    async def merge_ticket(self, ticket_id: str, into: str) -> SupportTicketAnswer:
        """Merges a ticket into another one of the same requester, and closes it."""
        place = path("support", "tickets", ticket_id, "merge")
        ticket: SupportTicketAnswer = await self._answer(Call("POST", place, {"into": into}))
        return ticket

    async def change_tickets(self, ticket_ids: Iterable[str], **changes: Unpack[TicketChanges]) -> ChangedTickets:
        """Changes up to 50 tickets alike; each is changed or refused by itself."""
        body = {"ids": list(ticket_ids), "changes": with_parley_ids(changes)}
        changed: ChangedTickets = await self._answer(Call("POST", "/support/tickets/bulk", body, lists="results"))
        return changed

    def list_ticket_history(self, ticket_id: str) -> AsyncIterator[HistoryEntry]:
        """Yields who did what to a ticket, the oldest entry first."""
        return self._pages(path("support", "tickets", ticket_id, "history"), "entries")

    def list_notes(self, ticket_id: str, *, after: int = 0) -> AsyncIterator[Message]:
        """Yields the agents' notes of a ticket after a `seq`; Parley's audit log has an entry for each page."""
        return self._messages(path("support", "tickets", ticket_id, "notes"), after)

    def list_canned_replies(self) -> AsyncIterator[ListedCannedReply]:
        """Yields the canned replies of the desk, by id."""
        return self._pages("/support/canned-replies", "canned_replies")

    async def create_canned_reply(self, **fields: Unpack[CreateCannedReply]) -> CannedReplyAnswer:
        """Keeps a new canned reply; with a `client_id` once."""
        reply: CannedReplyAnswer = await self._answer(Call("POST", "/support/canned-replies", with_client_id(fields)))
        return reply

    async def put_canned_reply(self, reply_id: str, **fields: Unpack[PutCannedReply]) -> CannedReplyAnswer:
        """Replaces a canned reply."""
        place = path("support", "canned-replies", reply_id)
        reply: CannedReplyAnswer = await self._answer(Call("PUT", place, fields))
        return reply

    async def delete_canned_reply(self, reply_id: str) -> DeletedCannedReply:
        """Deletes a canned reply, also one that is not there."""
        deleted: DeletedCannedReply = await self._answer(Call("DELETE", path("support", "canned-replies", reply_id)))
        return deleted

    def list_macros(self) -> AsyncIterator[Macro]:
        """Yields the macros of the desk, by id."""
        return self._pages("/support/macros", "macros")

    async def create_macro(self, **fields: Unpack[CreateMacro]) -> MacroAnswer:
        """Keeps a new macro; with a `client_id` once."""
        macro: MacroAnswer = await self._answer(Call("POST", "/support/macros", with_client_id(fields)))
        return macro

    async def put_macro(self, macro_id: str, **fields: Unpack[PutMacro]) -> MacroAnswer:
        """Replaces a macro."""
        macro: MacroAnswer = await self._answer(Call("PUT", path("support", "macros", macro_id), fields))
        return macro

    async def delete_macro(self, macro_id: str) -> DeletedMacro:
        """Deletes a macro, also one that is not there."""
        deleted: DeletedMacro = await self._answer(Call("DELETE", path("support", "macros", macro_id)))
        return deleted

    async def get_automations(self) -> Automations:
        """Returns the rules of the desk, and the version of the list."""
        found: Automations = await self._answer(Call("GET", "/support/automations"))
        return found

    async def put_automations(self, **fields: Unpack[PutAutomations]) -> Automations:
        """Replaces the rules of the desk as they were read."""
        saved: Automations = await self._answer(Call("PUT", "/support/automations", fields))
        return saved

    def list_articles(self, **filters: str) -> AsyncIterator[ListedArticle]:
        """Yields the articles of the knowledge base by id, without their texts; drafts, too.

        `category`, `language` and `state` filter.
        """
        return self._pages("/support/articles", "articles", filters)

    async def get_article(self, article_id: str) -> Article:
        """Returns an article with its text."""
        article: Article = await self._answer(Call("GET", path("support", "articles", article_id)))
        return article

    async def create_article(self, **fields: Unpack[CreateArticle]) -> Article:
        """Writes a new article; with a `client_id` once."""
        article: Article = await self._answer(Call("POST", "/support/articles", with_client_id(fields)))
        return article

    async def put_article(self, article_id: str, **fields: Unpack[PutArticle]) -> Article:
        """Replaces an article, publishes it, or takes it back."""
        article: Article = await self._answer(Call("PUT", path("support", "articles", article_id), fields))
        return article

    async def delete_article(self, article_id: str) -> DeletedArticle:
        """Deletes an article, also one that is not there."""
        deleted: DeletedArticle = await self._answer(Call("DELETE", path("support", "articles", article_id)))
        return deleted

    def list_article_versions(self, article_id: str) -> AsyncIterator[ArticleVersion]:
        """Yields the versions of an article with their texts, the newest first."""
        return self._pages(path("support", "articles", article_id, "versions"), "versions")

    async def search_articles(self, q: str, **filters: str | int) -> FoundArticles:
        """Returns the published articles that have all words; `category`, `language` and `limit` narrow them."""
        call = Call("GET", "/support/articles/search", query={"q": q, **filters}, lists="results")
        found: FoundArticles = await self._answer(call)
        return found

    async def suggest_articles(self, **fields: Unpack[SuggestArticles]) -> SuggestedArticles:
        """Returns the published articles that may help with a ticket that is being written."""
        found: SuggestedArticles = await self._answer(Call("POST", "/support/articles/suggest", fields))
        return found

    async def list_agents(self) -> list[SupportAgent]:
        """Returns the agents on the roster of the desk."""
        found = await self._answer(Call("GET", "/support/agents", lists="agents"))
        agents: list[SupportAgent] = found["agents"]
        return agents

    async def put_agent(self, user_id: UserId, **fields: Unpack[PutAgent]) -> SupportAgentAnswer:
        """Puts an agent of the desk on duty, or off it."""
        place = path("support", "agents", parley_id(user_id))
        agent: SupportAgentAnswer = await self._answer(Call("PUT", place, fields))
        return agent

    # Webhooks

    async def list_webhooks(self) -> list[WebhookDetails]:
        """Returns the endpoints to which events are posted."""
        found = await self._answer(Call("GET", "/admin/webhooks", lists="webhooks"))
        webhooks: list[WebhookDetails] = found["webhooks"]
        return webhooks

    async def create_webhook(self, **fields: Unpack[CreateWebhook]) -> WebhookWithSecret:
        """Makes a webhook; with a `client_id` once. Only this answer and a rotation show the secret."""
        webhook: WebhookWithSecret = await self._answer(Call("POST", "/admin/webhooks", with_client_id(fields)))
        return webhook

    async def get_webhook(self, webhook_id: str) -> WebhookAnswer:
        """Returns a webhook, and how it fares."""
        webhook: WebhookAnswer = await self._answer(Call("GET", path("admin", "webhooks", webhook_id)))
        return webhook

    async def update_webhook(self, webhook_id: str, **fields: Unpack[UpdateWebhook]) -> WebhookAnswer:
        """Changes a webhook, disables it or enables it again."""
        webhook: WebhookAnswer = await self._answer(Call("PATCH", path("admin", "webhooks", webhook_id), fields))
        return webhook

    async def delete_webhook(self, webhook_id: str) -> DeletedWebhook:
        """Deletes a webhook, also one that is not there."""
        deleted: DeletedWebhook = await self._answer(Call("DELETE", path("admin", "webhooks", webhook_id)))
        return deleted

    async def test_webhook(self, webhook_id: str) -> QueuedDelivery:
        """Posts the event `webhook.test` to a webhook."""
        queued: QueuedDelivery = await self._answer(Call("POST", path("admin", "webhooks", webhook_id, "test")))
        return queued

    async def rotate_webhook_secret(self, webhook_id: str, **fields: Unpack[RotateSecret]) -> WebhookWithSecret:
        """Gives a webhook a new secret; the old one is valid for a day. `version` is that of the webhook as read."""
        place = path("admin", "webhooks", webhook_id, "rotate-secret")
        webhook: WebhookWithSecret = await self._answer(Call("POST", place, fields))
        return webhook

    def list_deliveries(
        self, webhook_id: str, *, status: Literal["pending", "succeeded", "failed"] | None = None
    ) -> AsyncIterator[DeliveryView]:
        """Yields the deliveries of a webhook, the newest events first; of one status, or of all."""
        asked = {} if status is None else {"status": status}
        return self._pages(path("admin", "webhooks", webhook_id, "deliveries"), "deliveries", asked)

    async def replay_delivery(self, delivery_id: str) -> DeliveryView:
        """Attempts a delivery once more."""
        delivery: DeliveryView = await self._answer(Call("POST", path("admin", "deliveries", delivery_id, "replay")))
        return delivery

    async def replay_deliveries(
        self, webhook_id: str, *, since: datetime, until: datetime, status: Literal["succeeded", "failed"] | None = None
    ) -> Replay:
        """Attempts the deliveries of a time once more: events from `since` until before `until`."""
        body = {"since": rfc3339(since), "until": rfc3339(until)} | ({} if status is None else {"status": status})
        replay: Replay = await self._answer(Call("POST", path("admin", "webhooks", webhook_id, "replay"), body))
        return replay

    # Figures

    async def count_queues(self) -> QueueCounts:
        """Returns how many tickets there are now, by status and for whom."""
        counts: QueueCounts = await self._answer(Call("GET", "/support/queue-counts"))
        return counts

    async def get_support_metrics(
        self, *, since: date | None = None, to: date | None = None, by: MetricsBy = "day"
    ) -> SupportMetrics:
        """Returns times, breaches and ratings of the desk on these days, of the last 30 without any."""
        query = {**days_of(since, to), "by": by}
        metrics: SupportMetrics = await self._answer(Call("GET", "/support/metrics", query=query, lists="rows"))
        return metrics

    async def get_stats(self, *, since: date | None = None, to: date | None = None) -> Stats:
        """Returns messages, active people and new conversations by day, of the last 30 without any."""
        stats: Stats = await self._answer(Call("GET", "/admin/stats", query=days_of(since, to), lists="days"))
        return stats

    def list_user_stats(self, *, since: date | None = None, to: date | None = None) -> AsyncIterator[UserStats]:
        """Yields what each person has written and received on these days, on the last 30 without any."""
        return self._pages("/admin/stats/users", "people", days_of(since, to))

    # Moving in

    async def import_conversation(self, **fields: Unpack[ImportConversation]) -> ImportAnswer:
        """Begins the import of another system's conversation; again by the same run, it says how far it is."""
        begun: ImportAnswer = await self._answer(Call("POST", "/migration/conversations", fields))
        return begun

    async def import_attachment(self, conversation_id: str, **fields: Unpack[ImportAttachment]) -> AttachmentUpload:
        """Asks for the upload of a file that a message of an import will carry; again, how far the scanner is."""
        place = path("migration", "conversations", conversation_id, "attachments")
        upload: AttachmentUpload = await self._answer(Call("POST", place, fields))
        return upload

    async def import_messages(self, conversation_id: str, **fields: Unpack[ImportMessages]) -> ImportAnswer:
        """Stores up to 250 next messages of an import; messages that are stored may come again as they are."""
        place = path("migration", "conversations", conversation_id, "messages")
        stored: ImportAnswer = await self._answer(Call("POST", place, fields))
        return stored

    async def finish_import(self, conversation_id: str, **fields: Unpack[FinishImport]) -> ImportAnswer:
        """Shows an imported conversation to its members, and tells nobody."""
        place = path("migration", "conversations", conversation_id, "finish")
        finished: ImportAnswer = await self._answer(Call("POST", place, fields))
        return finished

    async def undo_import(self, conversation_id: str, *, run: str) -> UndoAnswer:
        """Removes a part of an imported conversation that nobody has used; call it until `done` is true."""
        place = path("migration", "conversations", conversation_id)
        undone: UndoAnswer = await self._answer(Call("DELETE", place, query={"run": run}))
        return undone

    def list_stored_conversations(self) -> AsyncIterator[StoredConversation]:
        """Yields all conversations of the deployment, for an export."""
        return self._pages("/migration/conversations", "conversations")

    def list_stored_members(self, conversation_id: str) -> AsyncIterator[StoredMember]:
        """Yields the members of a conversation with their markers and settings, for an export."""
        return self._pages(path("migration", "conversations", conversation_id, "members"), "members")

    async def list_stored_reactions(self, conversation_id: str) -> AsyncIterator[StoredReaction]:
        """Yields the reactions to the messages of a conversation, for an export."""
        place = path("migration", "conversations", conversation_id, "reactions")
        query: dict[str, str] | None = None
        while True:
            page = await self._answer(Call("GET", place, query=query, lists="reactions"))
            for item in page["reactions"]:
                yield item
            if page["next"] is None:
                return
            query = {"cursor": page["next"]}

    async def create_stored_file_urls(self, conversation_id: str, ids: Sequence[str]) -> AttachmentUrlMap:
        """Returns the addresses of up to 50 files of a conversation, for an export; they are valid for a minute."""
        place = path("migration", "conversations", conversation_id, "attachments", "urls")
        found: AttachmentUrlMap = await self._answer(Call("POST", place, {"ids": [*ids]}))
        return found

    # Erasure

    async def erase_user(self, user_id: UserId) -> Erasure:
        """Starts to erase a person, or returns the erasure that runs."""
        erasure: Erasure = await self._answer(Call("DELETE", path("users", parley_id(user_id))))
        return erasure

    async def get_erasure(self, erasure_id: str) -> Erasure:
        """Returns how far an erasure has got."""
        erasure: Erasure = await self._answer(Call("GET", path("erasures", erasure_id)))
        return erasure

    async def wait_for_erasure(self, erasure_id: str, *, timeout_s: float = 1800, every_s: float = 10) -> Erasure:
        """Returns the erasure with its receipt, some minutes later; raises NotInTime if it failed or takes longer."""
        deadline_s = time.monotonic() + timeout_s
        wait_s = min(0.5, every_s)
        while (erasure := await self.get_erasure(erasure_id))["state"] != "done":
            if erasure["state"] == "failed" or time.monotonic() + wait_s > deadline_s:
                raise NotInTime(erasure_id, erasure["state"])
            await pause_async(wait_s)
            wait_s = min(2 * wait_s, every_s)
        return erasure

    # Shared by all of them

    async def _answer(self, call: Call) -> Any:
        """Returns what Parley answers, after as many tries as it takes."""
        begun_s = time.monotonic()
        tried = 0
        while True:
            try:
                return await self._try(call)
            except ParleyError as error:
                tried += 1
                await self._wait(error, tried, begun_s)

    async def _wait(self, error: ParleyError, tried: int, begun_s: float) -> None:
        """Waits until the next try; raises the error if there is none."""
        passed_s = time.monotonic() - begun_s
        wait_s = self._retries.wait_s(error, tried=tried, passed_s=passed_s, chance=random.random())
        if wait_s is None:
            raise error
        await pause_async(wait_s)

    async def _try(self, call: Call) -> Any:
        headers = {"Authorization": f"Bearer {self._tokens.service_token()}"}
        try:
            answer = await self._http.request(
                call.method, call.path, json=call.body, params=call.query, headers=headers
            )
        except httpx.RequestError as problem:
            raise Unreachable(f"{call.method} {call.path}: {type(problem).__name__} {problem}") from problem
        if not answer.is_success:
            raise problem_of(answer)
        return content_of(answer, call.lists)

    async def _results(self, place: str, body: Mapping[str, Any]) -> list[ItemResult]:
        answer = await self._answer(Call("PUT", place, body, lists="results"))
        return bulk.checked(answer["results"], sum(len(items) for items in body.values()))

    async def _in_parts(
        self, items: Sequence[T], put: Callable[[Sequence[T]], Awaitable[list[ItemResult]]]
    ) -> list[ItemResult]:
        """Returns the results of all items; raises Interrupted if a part after the first one fails."""
        done: list[ItemResult] = []
        for part in bulk.parts(items):
            try:
                done += await self._part(part, put)
            except ParleyError as error:
                if not done:
                    raise
                raise Interrupted(done, items[len(done) :]) from error
        return done

    async def _part(
        self, part: Sequence[T], put: Callable[[Sequence[T]], Awaitable[list[ItemResult]]]
    ) -> list[ItemResult]:
        """Returns the results of up to 100 items; those with a problem that may pass are tried again alone."""
        begun_s = time.monotonic()
        results = await put(part)
        tried = 1
        while errors := bulk.passing(results):
            try:
                await self._wait(bulk.longest(errors), tried, begun_s)
            except ParleyError:
                return results
            again = await put([part[place] for place in errors])
            results = [*results]
            for place, result in zip(errors, again, strict=True):
                results[place] = result
            tried += 1
        return results

    async def _messages(self, place: str, after: int) -> AsyncIterator[Message]:
        while True:
            page = await self._answer(Call("GET", place, query={"after": after, "limit": bulk.PART}, lists="messages"))
            for item in page["messages"]:
                yield item
            if page.get("found_newest", True) or not page["messages"]:
                return
            after = page["messages"][-1]["seq"]

    async def _pages(self, place: str, name: str, asked: Mapping[str, str | int] | None = None) -> AsyncIterator[Any]:
        cursor: str | None = None
        while True:
            query = {**(asked or {}), "limit": bulk.PART, **({"cursor": cursor} if cursor else {})}
            page = await self._answer(Call("GET", place, query=query, lists=name))
            for item in page[name]:
                yield item
            cursor = page.get("next")
            if cursor is None:
                return
