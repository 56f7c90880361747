"""GET /support/articles/{article_id}/versions: what an article was, for the desk."""

from tests.functional.articles import PATH, TEXT, admin, read, saved, written
from tests.functional.desk import agent
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Parley


def test_versions_are_shown_as_they_were_saved(parley: Parley) -> None:
    ada, alan, agnes = admin(parley), admin(parley, "alan"), agent(parley)
    first = written(ada, category="booking", state="draft")
    second = saved(alan, first, text="Changed.", state="published")

    reply = agnes.get(f"{PATH}/{first['id']}/versions")

    assert (reply.status, reply.json["next"]) == (200, None)
    newest, oldest = reply.json["versions"]
    assert newest == {
        "version": 2,
        "title": "Cancel a booking",
        "text": "Changed.",
        "category": "booking",
        "language": "en",
        "state": "published",
        "at": second["updated_at"],
        "by": "alan",
    }
    assert (oldest["text"], oldest["state"], oldest["by"], oldest["at"]) == (TEXT, "draft", "ada", first["created_at"])
    assert reply.json["users"] == named(parley, "ada", "alan")


def test_pages_hold_all_versions_once(parley: Parley) -> None:
    ada = admin(parley)
    article = written(ada)
    for number in range(4):
        article = saved(ada, article, title=f"Version {number}")

    seen, query = [], "?limit=2"
    while query:
        page = ada.get(f"{PATH}/{article['id']}/versions{query}").json
        seen += [each["version"] for each in page["versions"]]
        query = page["next"] and f"?limit=2&cursor={page['next']}"

    assert seen == [5, 4, 3, 2, 1]


def test_long_versions_take_several_pages(parley: Parley) -> None:
    ada, text = admin(parley), "𠀀" * 20_000
    article = written(ada, text=text, state="draft")
    for number in range(29):
        article = saved(ada, article, title=f"Version {number}")

    page = ada.get(f"{PATH}/{article['id']}/versions?limit=100").json

    assert 0 < len(page["versions"]) < 30
    rest = ada.get(f"{PATH}/{article['id']}/versions?limit=100&cursor={page['next']}").json
    assert [each["version"] for each in page["versions"] + rest["versions"]] == list(range(30, 0, -1))
    assert (rest["next"], len(page["versions"][0]["text"])) == (None, 20_000)


def test_others_read_no_versions(parley: Parley) -> None:
    article_id = written(admin(parley))["id"]

    for reader in (parley.user("alice"), parley.user("mona", role="moderator")):
        assert refusal(reader.get(f"{PATH}/{article_id}/versions")) == ("agents_only", 403, [])
    assert parley.user("backend", role="service").get(f"{PATH}/{article_id}/versions").status == 200


def test_unknown_article_and_wrong_cursor_are_refused(parley: Parley) -> None:
    ada = admin(parley)
    path = f"{PATH}/{written(ada)['id']}/versions"

    assert refusal(ada.get(f"{PATH}/k_{'a' * 26}/versions")) == ("article_not_found", 404, [])
    assert refusal(ada.get(f"{PATH}/hello/versions")) == invalid(("{article_id}", "bad_format"))
    assert refusal(ada.get(f"{path}?cursor=x")) == invalid(("?cursor", "bad_cursor"))


def test_versions_of_a_deleted_article_are_gone_at_once(parley: Parley) -> None:
    ada = admin(parley)
    article_id = written(ada)["id"]
    ada.delete(f"{PATH}/{article_id}")

    assert refusal(ada.get(f"{PATH}/{article_id}/versions")) == ("article_not_found", 404, [])
    assert read(ada, article_id).status == 404
