"""replacing.md names only what there is, and leaves out nothing that people can do."""

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.template import source

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
PAGE = (ROOT / "docs" / "guides" / "replacing.md").read_text(encoding="utf-8")
OPENAPI: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
ASYNCAPI: dict[str, Any] = json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8"))
ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[^?\s]*)(?:\?(\S*))?")
AREAS = {"conversations", "messages", "users", "me", "unread", "unread-count", "search", "sync", "admin"}

# Names that the page leaves out, and why: nothing that one of the five systems had or wished for.
UNNAMED = {
    "DELETE /conversations/{conversation_id}": "no system could end a group for all of its members",
    "GET /users/{user_id}/contexts": "the systems' own tables were the only list",
    "POST /me/read-all": "no system marked all conversations at once; clients of others do",
    "DELETE /conversations/{conversation_id}/history": "no system had it; clients of others do",
    **dict.fromkeys(
        [
            "GET /admin/webhooks",
            "POST /admin/webhooks",
            "GET /admin/webhooks/{webhook_id}",
            "PATCH /admin/webhooks/{webhook_id}",
            "DELETE /admin/webhooks/{webhook_id}",
            "POST /admin/webhooks/{webhook_id}/test",
            "POST /admin/webhooks/{webhook_id}/rotate-secret",
            "GET /admin/webhooks/{webhook_id}/deliveries",
            "POST /admin/webhooks/{webhook_id}/replay",
            "POST /admin/deliveries/{delivery_id}/replay",
        ],
        "none of the systems told other servers of anything",
    ),
    "PATCH /me": "hiding when one was last here is Parley's own",
}
# Words in backticks that are neither a route, an action, an event, a field nor a part of the template.
OTHERS = {"service", "default", "school", "direct", "group", "owner", "admin", "member", "me"}


def rows() -> list[tuple[str, str]]:
    """Returns each row of the tables: what they had, and what serves it here."""
    found = re.findall(r"^\| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
    return [row for row in found if row not in (("theirs", "here"), ("promise", "here"))]


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


@cache
def operations() -> dict[str, set[str]]:
    """Returns the names of each route's query parameters."""
    return {
        f"{method.upper()} {path}": {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        for path, methods in OPENAPI["paths"].items()
        for method, operation in methods.items()
    }


@cache
def known_words() -> set[str]:
    """Returns the names of actions, events, fields, parameters, policies' words and the template's resources."""
    fields = {
        name
        for document in (OPENAPI, ASYNCAPI)
        for schema in document["components"]["schemas"].values()
        for name in schema.get("properties", {})
    }
    messages = {name.removesuffix("_event") for name in ASYNCAPI["components"]["messages"]}
    queries = set().union(*operations().values())
    hooks = {name for path in (WEB / "compat").glob("*.js") for name in re.findall(r"function (\w+)", path.read_text())}
    return fields | messages | queries | hooks | set(source.resources()) | OTHERS


@cache
def elements() -> set[str]:
    """Returns the names of the web client's elements."""
    modules = (WEB / "components").rglob("*.js")
    return {name for path in modules for name in re.findall(r'define\("(parley-[a-z-]+)"', path.read_text())}


def named_routes() -> set[str]:
    return {f"{found[1]} {found[2]}" for _, here in rows() for one in spans(here) if (found := ROUTE.fullmatch(one))}


@pytest.mark.parametrize(("theirs", "here"), rows(), ids=[theirs for theirs, _ in rows()])
def test_a_row_names_only_what_exists(theirs: str, here: str) -> None:
    done = re.split(r"not yet", here, flags=re.IGNORECASE)[0]  # what follows it is to come
    known, words = operations(), known_words()

    for one in spans(done):
        if found := ROUTE.fullmatch(one):
            route = f"{found[1]} {found[2]}"
            assert route in known, f"{theirs}: there is no {route}"
            asked = set(re.findall(r"(\w+)=", found[3] or ""))
            assert asked <= known[route], f"{theirs}: {route} does not know {asked - known[route]}"
        elif re.fullmatch(r"\w+", one):
            assert one in words, f"{theirs}: nothing is called {one}"
        elif element := re.match(r"<([a-z-]+)", one):
            assert element[1] in elements(), f"{theirs}: there is no element {element[1]}"
        elif one.startswith("web/"):
            assert (ROOT / one).is_file(), f"{theirs}: there is no {one}"
    assert spans(here) or "not yet" in here.lower() or re.search(r"\]\(|client's|Nothing to do|Stays away", here), (
        f"{theirs}: what?"
    )


# Features that one of the systems had or wished for, and Parley lacks. Take out those that are served by now.
MISSING = ("encryption", "automated responses")


@pytest.mark.parametrize("feature", MISSING)
def test_the_page_says_what_is_missing(feature: str) -> None:
    said = [here for theirs, here in rows() if feature in theirs]

    assert said
    assert all("not yet" in here.lower() for here in said)


def test_the_page_does_not_claim_to_be_complete() -> None:
    assert "nothing else" not in PAGE


def test_the_page_names_every_operation_that_people_have() -> None:
    theirs = {route for route in operations() if route.split("/")[1] in AREAS}

    unnamed = theirs - named_routes()
    added, gone = sorted(unnamed - set(UNNAMED)), sorted(set(UNNAMED) - unnamed)
    assert not added, f"add a row to docs/guides/replacing.md, or a reason to UNNAMED, for {', '.join(added)}"
    assert not gone, f"the page names these, so take them out of UNNAMED: {', '.join(gone)}"


def test_the_page_names_every_action_and_event() -> None:
    named = {one for _, here in rows() for one in spans(here)}
    there_are = {name.removeprefix("on_") for name in ASYNCAPI["operations"]}

    assert there_are <= named


def test_each_system_has_a_part_of_its_own() -> None:
    assert re.findall(r"^## ([A-E])\. ", PAGE, re.MULTILINE) == list("ABCDE")


# --- the names of the five systems -----------------------------------------------------------------------------------

OLD: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_name("old_systems.toml").read_text("utf-8"))


def rows_of(system: str) -> str:
    """Returns what the systems had, by the rows of one of them and by those that are the same for all."""
    common = PAGE.partition("\n## A. ")[0]
    section = PAGE.partition(f"\n## {system}. ")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"^\| (.+?) \| .+ \|$", common + section, re.MULTILINE)).lower()


NAMES = [(system, name) for system, kinds in OLD.items() for names in kinds.values() for name in names]


@pytest.mark.parametrize(("system", "name"), NAMES, ids=lambda value: str(value))
def test_each_thing_of_an_old_system_has_a_row(system: str, name: str) -> None:
    # A whole word: `online` has no row because `offline` has one.
    assert re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", rows_of(system))


def test_what_stays_away_has_its_reason() -> None:
    away = [here for _, here in rows() if "stays away" in here.lower()]

    assert away
    assert all(re.search(r"[Ss]tays away[^:]*: .{10,}", here) for here in away)
