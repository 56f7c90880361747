"""E-mails on their way: SES of version 2 sends a message as it is, and tells at once only that it has taken it."""

from botocore.exceptions import BotoCoreError, ClientError

from parley.adapters import environment
from parley.adapters.dynamodb import clients

# SES refuses these for good: an address or a message that it will take from nobody (SES API v2, "SendEmail").
_REFUSED_ADDRESS = frozenset({"BadRequestException"})
_REFUSED_MESSAGE = frozenset({"MessageRejected"})
# A repeated call would send a second e-mail if only the first answer was lost, so there is one attempt.
ATTEMPTS = 1


class RefusedAddress(Exception):
    """SES takes no e-mail to this address; `code` is its reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RefusedMessage(Exception):
    """SES does not send this e-mail; `code` is its reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotNow(Exception):
    """SES did not answer, is too busy, or sends nothing for this account at the moment; `code` is its reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def send(raw: bytes, from_address: str, to: str) -> str:
    """Sends a message, and returns SES's id of it; one call.

    Raises RefusedAddress, RefusedMessage or NotNow. After NotNow the message may have been sent if `code` is "unknown".
    """
    try:
        answer = clients.client("sesv2", attempts=ATTEMPTS).send_email(
            FromEmailAddress=from_address,
            Destination={"ToAddresses": [to]},
            Content={"Raw": {"Data": raw}},
            ConfigurationSetName=environment.required("MAIL_CONFIGURATION_SET"),
        )
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in _REFUSED_ADDRESS:
            raise RefusedAddress(code) from error
        if code in _REFUSED_MESSAGE:
            raise RefusedMessage(code) from error
        raise NotNow(code) from error
    except BotoCoreError as error:
        raise NotNow("unknown") from error
    return str(answer["MessageId"])
