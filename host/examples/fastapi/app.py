"""A school's server with FastAPI. It has users of its own, and Parley for their conversations.

Run it with `PARLEY_URL=… PARLEY_SECRET=… uvicorn app:app`. Users are kept in memory; put your own database there.
"""

import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, Field

from parley_host import AsyncParley, ParleyError, Signer

PARLEY_URL = os.environ["PARLEY_URL"]
signer = Signer(os.environ["PARLEY_SECRET"])
parley = AsyncParley(PARLEY_URL, signer)
log = logging.getLogger("school")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with parley:
        yield


app = FastAPI(lifespan=lifespan)


# Users, and how they sign in: your application has this already.


@dataclass
class User:
    user_id: str
    name: str
    role: str
    class_id: str
    salt: bytes
    password: bytes


users: dict[str, User] = {}


def hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def signed_in(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> User:
    user = users.get(given.username)
    if user is None or not hmac.compare_digest(user.password, hashed(given.password, user.salt)):
        raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})
    return user


SignedIn = Annotated[User, Depends(signed_in)]


# The four places where this server talks to Parley.


class SignUp(BaseModel):
    user_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]  # your server's own id is none of these
    name: str
    password: str
    role: Literal["teacher", "student"]  # in a real school, the office gives roles
    class_id: str


class Change(BaseModel):
    name: str | None = None
    class_id: str | None = None


class Purchase(BaseModel):
    booking_id: str
    teacher_id: str


@app.post("/sign-up", status_code=201)
async def sign_up(form: SignUp) -> dict[str, str]:
    if form.user_id in users:
        raise HTTPException(409)
    salt = secrets.token_bytes(16)
    user = User(form.user_id, form.name, form.role, form.class_id, salt, hashed(form.password, salt))
    users[form.user_id] = user
    await put(user)
    return {"user_id": user.user_id}


@app.post("/chat-token")
async def chat_token(user: SignedIn) -> dict[str, str]:
    """Gives the browser its token for Parley. It asks again before the token's hour is over."""
    return {"token": signer.user_token(user.user_id), "url": PARLEY_URL}


@app.patch("/me")
async def change(user: SignedIn, form: Change) -> dict[str, str]:
    user.name = form.name or user.name
    user.class_id = form.class_id or user.class_id
    await put(user)
    return {"name": user.name, "class_id": user.class_id}


@app.post("/purchases", status_code=201)
async def purchase(user: SignedIn, form: Purchase) -> dict[str, str]:
    """A student buys a lesson, and their conversation with the teacher is open. A repeat writes nothing twice."""
    message = await parley.send_message_to_user(
        user_ids=[user.user_id, form.teacher_id],
        context={"type": "booking", "id": form.booking_id},
        sender_id="~parley.system-host",  # or a sender that your policy names
        text=f"{user.name} has bought a lesson.",
        client_id=f"purchase-{form.booking_id}",
    )
    return {"conversation_id": message["conversation_id"]}


@app.delete("/me", status_code=202)
async def leave(user: SignedIn, background: BackgroundTasks) -> dict[str, str]:
    del users[user.user_id]
    await parley.sign_out_user(user.user_id)
    erasure = await parley.erase_user(user.user_id)
    background.add_task(keep_receipt, erasure["id"])
    return {"erasure_id": erasure["id"]}


async def put(user: User) -> None:
    """Tells Parley who a user is. It replaces what was told before, so it may be repeated at any time."""
    await parley.put_user(user.user_id, name=user.name, role=user.role, contexts={"class": [user.class_id]})


async def keep_receipt(erasure_id: str) -> None:
    """Waits some minutes. In a real school, a job that survives a restart waits, and keeps the receipt."""
    erasure = await parley.wait_for_erasure(erasure_id)
    log.info("erased: %s", erasure["receipt"])


@app.exception_handler(ParleyError)
async def parley_failed(request: Request, error: ParleyError) -> JSONResponse:
    """The user is stored here, and Parley may learn it later: a job of yours repeats what may pass.

    Parley refuses the same request again: the mistake is in the form, or in this server.
    """
    log.error("parley: %s", error)
    return JSONResponse({"detail": str(error)}, 503 if error.may_pass else 422)
