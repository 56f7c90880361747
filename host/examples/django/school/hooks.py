"""Django says when people sign up, change or leave; each of these is told to Parley after the commit."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save, pre_delete
from django.dispatch import receiver

from . import chat


@receiver(post_save, sender=User)
def user_saved(instance: User, **_: Any) -> None:
    put_later(instance.pk)


@receiver(m2m_changed, sender=User.groups.through)
def groups_changed(instance: User | Group, action: str, pk_set: set[int] | None, **_: Any) -> None:
    """A user got groups, or a group got users; `post_clear` says nothing of the users whom a group has lost."""
    if action.startswith("post_"):
        for user_id in [instance.pk] if isinstance(instance, User) else pk_set or ():
            put_later(user_id)


@receiver(pre_delete, sender=User)
def user_deleted(instance: User, **_: Any) -> None:
    user_id = instance.pk
    transaction.on_commit(lambda: chat.erase(user_id))


def put_later(user_id: int) -> None:
    transaction.on_commit(lambda: put_as_committed(user_id))


def put_as_committed(user_id: int) -> None:
    for user in User.objects.filter(pk=user_id):
        chat.put(user)
