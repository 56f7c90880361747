"""The deployment's settings of e-mail; without MAIL_FROM it sends none."""

import threading
from functools import cache

from parley.adapters import environment
from parley.adapters.dynamodb import clients
from parley.domain.notifications.digest import Links
from parley.domain.notifications.mime import Sender
from parley.domain.notifications.unsubscribing import Link, key_of, token_of

DEFAULT_NAME = "Parley"

_reading = threading.Lock()


def is_on() -> bool:
    """Says whether the deployment sends e-mails."""
    return bool(environment.optional("MAIL_FROM"))


def after_ms() -> int:
    """Returns after how long a person who has not read may get an e-mail (MailAfterS); raises WrongVariable."""
    return environment.whole_number("MAIL_AFTER_S", environment.optional("MAIL_AFTER_S", "120"), 1, 86_400) * 1000


def name() -> str:
    """Returns the name under which e-mails are sent."""
    return environment.optional("MAIL_NAME", DEFAULT_NAME)


def sender() -> Sender:
    """Returns the author of e-mails; raises MissingVariable in a deployment that sends none."""
    return Sender(
        address=environment.required("MAIL_FROM"), name=name(), reply_to=environment.optional("MAIL_REPLY_TO")
    )


def links(link: Link) -> Links:
    """Returns the addresses in an e-mail to the person of a link; one call of Secrets Manager in a process."""
    address = environment.required("REST_ADDRESS").rstrip("/")
    return Links(unsubscribe=f"{address}/unsubscribe/{token_of(link, key())}", app=environment.optional("APP_ADDRESS"))


def key() -> bytes:
    """Returns the key of the links; one call of Secrets Manager in a process, which raises an error of botocore."""
    with _reading:  # of two first calls at once, one would ask in vain
        return _read_key()


def forget_key() -> None:
    """Forgets the key, so that the next use reads the secret again."""
    _read_key.cache_clear()


@cache
def _read_key() -> bytes:
    secret_id = environment.required("MAIL_SECRET_ARN")
    return key_of(clients.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"])
