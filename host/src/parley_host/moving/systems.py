"""The mappings of old systems whose columns are documented: B, a travel platform (MySQL), and E, a school (Prisma)."""

from typing import Any

TIME = "time"

B: dict[str, Any] = {
    "words": {
        "status": {word: word for word in ("open", "in_progress", "resolved", "closed")},
        "priority": {word: word for word in ("low", "medium", "high", "urgent")},
        "category": {word: word for word in ("general", "booking", "destination", "complaint")},
    },
    "tables": {
        "users": [{"record": "user", "id": "$id", "name": {"column": ["name?", "full_name?", "username?"]}}],
        "conversations": [
            {"record": "conversation", "id": "$id", "type": "direct", "user_ids": ["$user1_id", "$user2_id"]}
        ],
        "messages": [
            {
                "record": "message",
                "id": "$id",
                "conversation_id": "$conversation_id",
                "sender_id": "$sender_id",
                "text": "$message_text",
                "created_at": {"column": "created_at", "as": TIME},
            }
        ],
        "support_tickets": [
            {
                "record": "ticket",
                "id": "$id",
                "requester_id": "$user_id",
                "subject": "$subject",
                "description": "$description?",
                "category": {"column": "category?", "word": "category"},
                "status": {"column": "status?", "word": "status", "default": "open"},
                "priority": {"column": "priority?", "word": "priority"},
                "created_at": {"column": "created_at", "as": TIME},
            }
        ],
        "support_messages": [
            {
                "record": "message",
                "id": "$id",
                "ticket_id": "$ticket_id",
                "sender_id": "$sender_id",
                "text": "$message_text",
                "created_at": {"column": "created_at", "as": TIME},
            }
        ],
    },
    "left_out": [
        "conversations.last_message_at",  # follows from the messages
        "support_messages.is_admin",  # follows from the sender, who is the customer or not
    ],
}
E: dict[str, Any] = {
    "words": {
        "type": {"DIRECT": "direct", "GROUP": "group"},
        "role": {"ADMIN": "admin", "MEMBER": "member"},
        "role of a user": {
            word: word.lower() for role in ("admin", "teacher", "parent", "student") for word in (role, role.upper())
        },
    },
    "tables": {
        "User": [
            {
                "record": "user",
                "id": "$id",
                "name": {"column": ["name?"]},
                "role": {"column": "role?", "word": "role of a user"},
                "email": "$email?",
            }
        ],
        "Conversation": [
            {
                "record": "conversation",
                "id": "$id",
                "type": {"column": "type", "word": "type"},
                "title": {"column": "name", "when": {"column": "type", "is": ["GROUP"]}, "default": "Group"},
                "created_by": "$createdBy?",
                "created_at": {"column": "createdAt?", "as": TIME},
            }
        ],
        "ConversationParticipant": [
            {
                "record": "member",
                "conversation_id": "$conversationId",
                "user_id": "$userId",
                "role": {"column": "role?", "word": "role"},
            },
            {
                "record": "read",
                "when": {"column": "lastReadAt", "is_not": [None]},
                "conversation_id": "$conversationId",
                "user_id": "$userId",
                "at": {"column": "lastReadAt", "as": TIME},
            },
            {
                "record": "setting",
                "conversation_id": "$conversationId",
                "user_id": "$userId",
                "pinned": {"column": "isPinned?", "as": "flag"},
                "notifications": {"column": "muted?", "default": "none", "when": "isMuted"},
            },
        ],
        "MessageReaction": [  # its fields are not documented: these are Prisma's usual names
            {"record": "reaction", "message_id": "$messageId", "user_id": "$userId", "emoji": "$emoji"}
        ],
        "Message": [
            {
                "record": "message",
                "id": "$id",
                "conversation_id": "$conversationId",
                "sender_id": "$senderId",
                "text": {"column": "content", "default": ""},
                "created_at": {"column": "createdAt", "as": TIME},
                "edited_at": {"column": "createdAt", "as": TIME, "when": "isEdited"},
                "deleted_at": {"column": "createdAt", "as": TIME, "when": "isDeleted"},
                "attachments": {"each": {"column": "attachments?", "as": "json"}, "make": {"url": "$."}},
            }
        ],
    },
    "left_out": [
        "ConversationParticipant.id",
        "MessageReaction.id",
        "ConversationParticipant.unreadCount",  # follows from lastReadAt
        "Conversation.lastMessageAt",
    ],
}
KNOWN = {"b": B, "e": E}
