"""Profiles: Parley knows people by the tokens that they bring; who has signed in can be named and written to."""

from parley.adapters import environment
from parley.adapters.dynamodb import batches, tables
from parley.adapters.people import erased_people, profiles
from parley.adapters.people.profiles import Profile
from parley.domain.api.errors import Unauthenticated
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.people.claims import SignIn

SERVICE = SERVICE_ROLE


def remember(sign_in: SignIn) -> None:
    """Keeps what a verified token says about its bearer, unless a newer token has said otherwise.

    Raises Unauthenticated for a person who was erased, whatever their token says, and for a program of the host whose
    id is a person's. A program has no profile.

    One round trip; a second one for a token that is new. It is written even where it says the same as the one before,
    because an older token must not win over it later.
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
