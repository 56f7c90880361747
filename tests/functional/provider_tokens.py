"""Tokens as identity providers make them: claims by the providers' documentation, without times and signature."""

from dataclasses import dataclass, field
from typing import Any

UUID = "248289dc-ca12-4f14-9d5c-0d8f1f2f244a"
COGNITO = {"region": "eu-west-1", "pool": "eu-west-1_EXAMPLE", "app client": "5fk0s3b6ccbqhiuq8dp6rmd5dr"}
COGNITO_ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE"
COGNITO_ACCESS = {
    "sub": UUID,
    "iss": COGNITO_ISSUER,
    "version": 2,
    "client_id": "5fk0s3b6ccbqhiuq8dp6rmd5dr",
    "origin_jti": "b5d4ecfe-4ea2-4bbd-a4f0-5a6ab8a8aa9e",
    "token_use": "access",
    "scope": "openid profile",
    "jti": "66fd34d4-4e7e-4b0c-a7ba-2a0b57d5e9e0",
    "username": "alice",
}
COGNITO_ID = {
    "sub": UUID,
    "email_verified": True,
    "iss": COGNITO_ISSUER,
    "cognito:username": "alice",
    "name": "Alice Ärmel",
    "aud": "5fk0s3b6ccbqhiuq8dp6rmd5dr",
    "event_id": "82433f71-aa63-46af-aac6-ba1d8f05d7bb",
    "token_use": "id",
    "email": "alice@example.com",
}
AUTH0 = {"tenant": "school.eu.auth0.com", "API identifier": "https://chat.example.com"}
AUTH0_ACCESS = {
    "iss": "https://school.eu.auth0.com/",
    "sub": "auth0|507f1f77bcf86cd799439020",
    "aud": ["https://chat.example.com", "https://school.eu.auth0.com/userinfo"],
    "azp": "my_client_id",
    "scope": "openid profile",
}
FIREBASE = {"project": "school-1234"}
FIREBASE_ID = {
    "iss": "https://securetoken.google.com/school-1234",
    "aud": "school-1234",
    "user_id": "Zd4mNfQw0hTQz0Yx6pXb8aLkJ9g2",
    "sub": "Zd4mNfQw0hTQz0Yx6pXb8aLkJ9g2",
}
KEYCLOAK = {"host": "id.example.com", "realm": "school", "audience": "chat"}
KEYCLOAK_ACCESS = {
    "jti": "d58f5dc8-fd8f-462b-8a19-716f8f83985b",
    "iss": "https://id.example.com/realms/school",
    "sub": UUID,
    "typ": "Bearer",
    "azp": "web",
    "acr": "1",
    "allowed-origins": ["https://app.example.com"],
    "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
    "scope": "openid email profile",
    "email_verified": True,
    "name": "Alice Ärmel",
    "preferred_username": "alice",
}
ENTRA = {"tenant id": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "application id": "00001111-aaaa-2222-bbbb-3333cccc4444"}
ENTRA_V2 = {
    "ver": "2.0",
    "iss": "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
    "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
    "aud": "00001111-aaaa-2222-bbbb-3333cccc4444",
    "name": "Alice Ärmel",
    "oid": "00000000-0000-0000-66f3-3332eca7ea81",
    "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
    "uti": "fqiBqXLPj0eQa82S-IYFAA",
}
OKTA = {"domain": "school.okta.com"}
OKTA_ACCESS = {
    "ver": 1,
    "jti": "AT.MNAoEQ_jbKqoinrQo1D0XKjMX28U5d7ZszBceot7-Ts",
    "iss": "https://school.okta.com/oauth2/default",
    "aud": "api://default",
    "sub": "alice@example.com",
    "cid": "0oa2hl2inow5Uqc6c357",
    "uid": "00u1a2b3c4d5e6f7g8h9",
    "scp": ["openid", "profile", "groups"],
}
CLERK = {"frontend API": "clerk.example.com", "origin of your application": "https://app.example.com"}
CLERK_SESSION = {
    "azp": "https://app.example.com",
    "fva": [7, -1],
    "iss": "https://clerk.example.com",
    "sid": "sess_123",
    "sub": "user_123",
    "v": 2,
}
SUPABASE = {"project": "abcdefghijklmnop", "secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hosts"}
SUPABASE_ACCESS = {
    "iss": "https://abcdefghijklmnop.supabase.co/auth/v1",
    "aud": "authenticated",
    "sub": UUID,
    "role": "authenticated",
    "aal": "aal1",
    "session_id": "6b2f4f6e-5f0e-4d39-8d26-3f6f9c6c2a0b",
    "email": "alice@example.com",
    "phone": "",
    "is_anonymous": False,
    "amr": [{"method": "password", "timestamp": 1640991600}],
    "user_metadata": {"full_name": "Alice Ärmel", "role": "admin"},
    "app_metadata": {"provider": "email", "providers": ["email"]},
}
DJANGO = {"ISSUER": "school", "AUDIENCE": "chat", "secret": SUPABASE["secret"]}
DJANGO_ACCESS = {"token_type": "access", "jti": "2f5b0d1c7d7e4b0fa4b7c2f1f3f0a1b2", "iss": "school", "aud": "chat"}
PLAIN = {"iss": "parley", "aud": "parley"}


@dataclass(frozen=True)
class Shape:
    """A token of a provider, and the person whom Parley finds in it with the parameters of the provider's row."""

    row: str  # of the table in docs/guides/sign-in.md
    case: str
    source: str  # where the shape is documented
    placeholders: dict[str, str]  # of the row
    claims: dict[str, Any]
    user_id: str
    name: str
    role: str = "user"
    contexts: dict[str, list[str]] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)  # besides those of the row, or in place of them
    algorithm: str = "RS256"


AWS = "https://docs.aws.amazon.com/cognito/latest/developerguide/"
COGNITO_ID_DOCS = AWS + "amazon-cognito-user-pools-using-the-id-token.html"
COGNITO_ACCESS_DOCS = AWS + "amazon-cognito-user-pools-using-the-access-token.html"
AUTH0_DOCS = "https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles"
FIREBASE_DOCS = "https://firebase.google.com/docs/reference/admin/node/firebase-admin.auth.decodedidtoken"
KEYCLOAK_DOCS = "https://phasetwo.io/tutorials/getting-started/your-first-token/"
ENTRA_DOCS = "https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference"
OKTA_DOCS = "https://groups.google.com/g/rabbitmq-users/c/O3GdCKf8soM/m/ZsjMcizrAgAJ"
CLERK_DOCS = "https://clerk.com/docs/guides/sessions/session-tokens"
SUPABASE_DOCS = "https://supabase.com/docs/guides/auth/jwt-fields"
DJANGO_DOCS = "https://django-rest-framework-simplejwt.readthedocs.io/"
RFC = "https://www.rfc-editor.org/rfc/rfc7519"

SHAPES = [
    Shape(
        "Amazon Cognito, ID token",
        "groups and a custom attribute",
        COGNITO_ID_DOCS,
        COGNITO,
        COGNITO_ID
        | {"cognito:groups": ["eu-west-1_EXAMPLE_Google", "Teachers"], "custom:contexts": '{"class":["7b"]}'},
        UUID,
        "Alice Ärmel",
        "teacher",
        {"class": ["7b"]},
    ),
    Shape("Amazon Cognito, ID token", "no groups", COGNITO_ID_DOCS, COGNITO, COGNITO_ID, UUID, "Alice Ärmel"),
    Shape(
        "Amazon Cognito, ID token",
        "a role in a custom attribute, of the second of two app clients",
        "https://arda-cards.github.io/current-system/functional/system/security/jwt-payload/",
        COGNITO,
        COGNITO_ID | {"aud": "7ios", "custom:role": "student", "custom:contexts": ""},
        UUID,
        "Alice Ärmel",
        "student",
        parameters={"JwtRoleClaim": "custom:role", "JwtAudience": "5fk0s3b6ccbqhiuq8dp6rmd5dr, 7ios"},
    ),
    Shape(
        "Amazon Cognito, access token",
        "groups, and the client in place of the audience",
        COGNITO_ACCESS_DOCS,
        COGNITO,
        COGNITO_ACCESS | {"cognito:groups": ["Teachers"]},
        UUID,
        "alice",
        "teacher",
    ),
    Shape("Amazon Cognito, access token", "no groups", COGNITO_ACCESS_DOCS, COGNITO, COGNITO_ACCESS, UUID, "alice"),
    Shape(
        "Auth0",
        "an API's token, with namespaced claims",
        AUTH0_DOCS,
        AUTH0,
        AUTH0_ACCESS
        | {
            "https://example.com/name": "Alice Ärmel",
            "https://example.com/roles": ["teacher"],
            "https://example.com/contexts": {"class": ["7b"]},
        },
        "auth0|507f1f77bcf86cd799439020",
        "Alice Ärmel",
        "teacher",
        {"class": ["7b"]},
    ),
    Shape(
        "Auth0",
        "profile of RFC 9068, with a SAML user",
        AUTH0_DOCS,
        AUTH0,
        {name: value for name, value in AUTH0_ACCESS.items() if name != "azp"}
        | {"client_id": "my_client_id", "sub": "samlp|school|SCHOOL\\alice", "https://example.com/name": "Alice"},
        "~parley.id-samlp|school|SCHOOL=5Calice",
        "Alice",
    ),
    Shape(
        "Firebase Authentication",
        "custom claims",
        FIREBASE_DOCS,
        FIREBASE,
        FIREBASE_ID
        | {
            "name": "Alice Ärmel",
            "picture": "https://lh3.googleusercontent.com/a/alice",
            "role": "teacher",
            "contexts": {"class": ["7b"]},
            "firebase": {"identities": {"google.com": ["1085"]}, "sign_in_provider": "google.com"},
        },
        "Zd4mNfQw0hTQz0Yx6pXb8aLkJ9g2",
        "Alice Ärmel",
        "teacher",
        {"class": ["7b"]},
    ),
    Shape(
        "Firebase Authentication",
        "anonymous",
        FIREBASE_DOCS,
        FIREBASE,
        FIREBASE_ID | {"provider_id": "anonymous", "firebase": {"identities": {}, "sign_in_provider": "anonymous"}},
        "Zd4mNfQw0hTQz0Yx6pXb8aLkJ9g2",
        "Zd4mNfQw0hTQz0Yx6pXb8aLkJ9g2",
    ),
    Shape(
        "Keycloak",
        "roles of the realm",
        KEYCLOAK_DOCS,
        KEYCLOAK,
        KEYCLOAK_ACCESS
        | {
            "aud": ["chat", "account"],
            "realm_access": {"roles": ["offline_access", "default-roles-school", "teacher"]},
        },
        UUID,
        "Alice Ärmel",
        "teacher",
    ),
    Shape(
        "Keycloak",
        "roles of a client whose name has a dot",
        "https://gist.github.com/volkflo/8ce36aa6861596c10e1092f1b39603c6",
        KEYCLOAK,
        KEYCLOAK_ACCESS | {"aud": "chat", "resource_access": {"school.chat": {"roles": ["student"]}}},
        UUID,
        "Alice Ärmel",
        "student",
        parameters={"JwtRoleClaim": "resource_access.school.chat.roles"},
    ),
    Shape(
        "Keycloak",
        "no audience, only the client",
        KEYCLOAK_DOCS,
        KEYCLOAK | {"audience": "web"},
        KEYCLOAK_ACCESS | {"realm_access": {"roles": ["uma_authorization"]}},
        UUID,
        "Alice Ärmel",
    ),
    Shape(
        "Microsoft Entra ID",
        "ID token with app roles",
        ENTRA_DOCS,
        ENTRA,
        ENTRA_V2 | {"roles": ["Task.Read", "Staff.Teacher"]},
        "00000000-0000-0000-66f3-3332eca7ea81",
        "Alice Ärmel",
        "teacher",
    ),
    Shape(
        "Microsoft Entra ID",
        "access token without roles",
        "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
        ENTRA,
        ENTRA_V2 | {"azp": "11112222-bbbb-3333-cccc-4444dddd5555", "azpacr": "0", "scp": "access_as_user"},
        "00000000-0000-0000-66f3-3332eca7ea81",
        "Alice Ärmel",
    ),
    Shape(
        "Microsoft Entra ID",
        "ID token of the second of two tenants",
        ENTRA_DOCS,
        ENTRA,
        ENTRA_V2
        | {
            "iss": "https://login.microsoftonline.com/eeeebbbb-0000-cccc-1111-dddd2222ffff/v2.0",
            "tid": "eeeebbbb-0000-cccc-1111-dddd2222ffff",
        },
        "00000000-0000-0000-66f3-3332eca7ea81",
        "Alice Ärmel",
        parameters={
            "JwtIssuer": "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0,"
            " https://login.microsoftonline.com/eeeebbbb-0000-cccc-1111-dddd2222ffff/v2.0"
        },
    ),
    Shape(
        "Okta",
        "access token with groups",
        OKTA_DOCS,
        OKTA,
        OKTA_ACCESS | {"groups": ["Everyone", "School Teachers"], "name": "Alice Ärmel"},
        "00u1a2b3c4d5e6f7g8h9",
        "Alice Ärmel",
        "teacher",
    ),
    Shape(
        "Okta",
        "ID token of the app",
        OKTA_DOCS,
        OKTA,
        {name: value for name, value in OKTA_ACCESS.items() if name not in ("cid", "uid", "scp")}
        | {"sub": "00u1a2b3c4d5e6f7g8h9", "aud": "0oa2hl2inow5Uqc6c357", "name": "Alice Ärmel", "groups": ["Everyone"]},
        "00u1a2b3c4d5e6f7g8h9",
        "Alice Ärmel",
        parameters={"JwtUserIdClaim": "sub", "JwtAudience": "0oa2hl2inow5Uqc6c357"},
    ),
    Shape(
        "Clerk",
        "session token with public metadata",
        CLERK_DOCS,
        CLERK,
        CLERK_SESSION | {"full_name": "Alice Ärmel", "metadata": {"role": "teacher", "contexts": {"class": ["7b"]}}},
        "user_123",
        "Alice Ärmel",
        "teacher",
        {"class": ["7b"]},
    ),
    Shape(
        "Clerk",
        "role in an organization",
        CLERK_DOCS,
        CLERK,
        CLERK_SESSION | {"o": {"id": "org_123", "slg": "org-slug", "rol": "admin"}},
        "user_123",
        "user_123",
        "admin",
        parameters={"JwtRoleClaim": "o.rol"},
    ),
    Shape(
        "Supabase, signing keys",
        "metadata of the application",
        SUPABASE_DOCS,
        SUPABASE,
        SUPABASE_ACCESS | {"app_metadata": {"provider": "email", "role": "teacher", "contexts": {"class": ["7b"]}}},
        UUID,
        "Alice Ärmel",
        "teacher",
        {"class": ["7b"]},
        algorithm="ES256",
    ),
    Shape(
        "Supabase, signing keys",
        "anonymous",
        SUPABASE_DOCS,
        SUPABASE,
        SUPABASE_ACCESS | {"is_anonymous": True, "email": "", "user_metadata": {}, "app_metadata": {}},
        UUID,
        UUID,
        algorithm="ES256",
    ),
    Shape(
        "Supabase, JWT secret",
        "no metadata of the application",
        SUPABASE_DOCS,
        SUPABASE,
        SUPABASE_ACCESS,
        UUID,
        "Alice Ärmel",
        algorithm="HS256",
    ),
    Shape(
        "Django, Simple JWT",
        "whole number, as older releases write it",
        DJANGO_DOCS,
        DJANGO,
        DJANGO_ACCESS | {"user_id": 42},
        "42",
        "42",
        algorithm="HS256",
    ),
    Shape(
        "Django, Simple JWT",
        "number as text, with claims of a serializer",
        DJANGO_DOCS,
        DJANGO,
        DJANGO_ACCESS | {"user_id": "42", "name": "Alice Ärmel", "role": "teacher"},
        "42",
        "Alice Ärmel",
        "teacher",
        algorithm="HS256",
    ),
    Shape(
        "Your own server, HS256",
        "everything",
        RFC,
        DJANGO,
        PLAIN | {"sub": "alice", "name": "Alice Ärmel", "role": "teacher", "contexts": {"class": ["7b"]}},
        "alice",
        "Alice Ärmel",
        "teacher",
        {"class": ["7b"]},
        algorithm="HS256",
    ),
    Shape("Your own server, HS256", "only an id", RFC, DJANGO, PLAIN | {"sub": 42}, "42", "42", algorithm="HS256"),
]
