"""Profiles from tokens: Parley learns of people when they sign in; then others can name them and write to them."""

from parley.adapters import environment
from parley.adapters.dynamodb import batches, tables
from parley.adapters.people import erased_people, profiles
from parley.adapters.people.profiles import Profile
from parley.domain.api.errors import Unauthenticated
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.people.claims import SignIn

SERVICE = SERVICE_ROLE


def remember(sign_in: SignIn) -> None:
    """Stores the profile in a verified token, unless a newer token has said otherwise.

    Raises Unauthenticated for an erased person, whatever their token says, and for a program of the host with a
    person's id. A program has no profile.

    One round trip; a second one for a new token. It is written even if it says the same as the one before, because an
    older token must not override it later.
    """
    identity = sign_in.identity
    said = Profile(
        user_id=identity.user_id,
        name=identity.name,
        role=identity.role,
        contexts=identity.contexts,
        issued_at_s=sign_in.issued_at_s,
    )
    rows = batches.read_rows(
        {tables.User: [(identity.user_id,)], tables.Erasure: [(erased_people.key(identity.user_id),)]}
    )
    known = profiles.profile_of(rows, identity.user_id)
    if identity.role == SERVICE:
        if known is not None:  # it would read and write as that person
            detail = f"A token of the role `{SERVICE}` carries the id of a person."
            raise Unauthenticated("token_claims", detail, claim=environment.optional("JWT_USER_ID_CLAIM", "sub"))
        return
    if erased_people.is_marked(rows, identity.user_id):
        raise Unauthenticated("user_erased", "This person was erased.")
    if known is None or (known.issued_at_s <= said.issued_at_s and known != said):
        profiles.save_newer(said)
