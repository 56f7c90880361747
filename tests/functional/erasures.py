"""Erasures in tests: ask, wait, and look for what is left."""

from tests.functional.replies import stored
from tests.harness import Frame, Parley, User


def host(parley: Parley) -> User:
    """Returns the host's own server."""
    return parley.user("host", role="service")


def erase(parley: Parley, user_id: str) -> Frame:
    """Returns the erasure that the host's wish has begun."""
    reply = host(parley).delete(f"/users/{user_id}")
    assert reply.status == 202, reply
    return dict(reply.json)


def shown(parley: Parley, erasure_id: str) -> Frame:
    """Returns an erasure as the host sees it."""
    reply = host(parley).get(f"/erasures/{erasure_id}")
    assert reply.status == 200, reply
    return dict(reply.json)


def erased(parley: Parley, user_id: str) -> Frame:
    """Returns an erasure that is over."""
    asked = erase(parley, user_id)
    parley.drain()
    done = shown(parley, asked["id"])
    assert done["state"] == "done", done
    return done


def everything(parley: Parley) -> str:
    """Returns all that is stored: every item of every table, and every file with its name.

    Without backslashes: some attributes hold JSON, whose quotes would be escaped.
    """
    s3 = parley.store.client("s3")
    files = []
    for bucket in parley.template.of_type("AWS::S3::Bucket"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket.ref):
            for each in page.get("Contents", []):
                content = s3.get_object(Bucket=bucket.ref, Key=each["Key"])["Body"].read()
                files.append(f"{each['Key']} {content.decode(errors='replace')}")
    rows = [row for rows in stored(parley).values() for row in rows]
    return "\n".join([*rows, *files]).replace("\\", "")
