"""SNS as far as a push needs it: a stub that tests give faults. moto and ministack answer the calls of registering."""

from typing import Any

import pytest


class Sns:
    """It keeps each message, and answers with faults by target."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.faults: dict[str, Exception] = {}

    def publish(self, **request: Any) -> dict[str, str]:
        self.got.append(request)
        if fault := self.faults.get(request.get("TargetArn", request.get("TopicArn", ""))):
            raise fault
        return {"MessageId": str(len(self.got))}

    def delete_endpoint(self, *, EndpointArn: str) -> None:  # noqa: N803 - boto's name
        self.deleted.append(EndpointArn)


def stub_sns(monkeypatch: pytest.MonkeyPatch) -> Sns:
    """Puts the stub in the place of SNS for a test; the other services stay."""
    from parley.adapters.dynamodb import clients

    stub, made = Sns(), clients.client

    def client(name: str, *args: Any, **settings: Any) -> Any:
        return stub if name == "sns" else made(name, *args, **settings)

    monkeypatch.setattr(clients, "client", client)
    return stub
