"""All that the school tells Parley. A user's id there is the primary key here, which never changes."""

from django.conf import settings
from django.contrib.auth.models import User

from parley_host import Parley, Signer

signer = Signer(settings.PARLEY_SECRET)
parley = Parley(settings.PARLEY_URL, signer)

TEACHERS = "teachers"
CLASS = "class "  # the group `class 7b` holds the people of class 7b


def put(user: User) -> None:
    """Tells Parley who a user is. It replaces what was told before, so it may be repeated at any time."""
    groups = [group.name for group in user.groups.all()]
    parley.put_user(
        user.pk,
        name=user.first_name or user.username,
        role="teacher" if TEACHERS in groups else "student",
        contexts={"class": [name.removeprefix(CLASS) for name in groups if name.startswith(CLASS)]},
    )


def erase(user_id: int) -> None:
    """Signs a person out within a second, and starts their erasure, which takes some minutes."""
    parley.sign_out_user(user_id)
    parley.erase_user(user_id)


def bought(booking_id: str, student: User, teacher: User) -> str:
    """Opens the conversation of two people about a booking, and returns its id. A repeat writes nothing twice."""
    message = parley.send_message_to_user(
        user_ids=[student.pk, teacher.pk],
        context={"type": "booking", "id": booking_id},
        sender_id="~parley.system-host",  # or a sender that your policy names
        text=f"{student.first_name} has bought a lesson.",
        client_id=f"purchase-{booking_id}",
    )
    return message["conversation_id"]
