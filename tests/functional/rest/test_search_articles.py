"""GET /support/articles/search: the published articles that have all words, the best first."""

import re

import pytest

from tests.functional.articles import PATH, admin, find, found, index_rows, saved, written
from tests.functional.desk import agent
from tests.functional.replies import invalid, refusal
from tests.harness import Call, Frame, Parley, User
from tests.harness.calls import aws_refusal


def make(author: User, title: str, text: str = "Nothing more.", **fields: object) -> str:
    return str(written(author, title=title, text=text, **fields)["id"])


def test_words_are_found_in_title_and_text_the_title_first(parley: Parley) -> None:
    ada, alice = admin(parley), parley.user("alice")
    in_text = make(ada, "Payment", "How a refund comes back.")
    in_title = make(ada, "Refund", "How it comes back.")
    make(ada, "Other", "Nothing.")

    assert found(alice, "refund") == [in_title, in_text]
    assert found(alice, "refund payment") == [in_text]
    assert found(alice, "refund weather") == []


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("CRÈME", True),
        ("creme bru", True),
        ("rème", False),
        ("c%2B%2B", True),
        ("c%23", False),
        (".net", True),
        ("日本", True),
        ("本語", True),
        ("語", True),
        ("日語", False),
        ("が", True),
        ("か", False),
        ("👍", True),
        ("strasse", True),
        ('"brulee creme"', True),
    ],
)
def test_words_are_found_by_the_projects_own_fold(parley: Parley, q: str, is_found: bool) -> None:
    ada = admin(parley)
    article_id = make(ada, "Crème brûlée", "Mit C++ und .NET: 日本語が 👍 in der Straße.")
    make(ada, "Other")

    assert found(parley.user("alice"), q) == ([article_id] if is_found else [])


def test_quotation_marks_do_not_count_for_the_highlights_either(parley: Parley) -> None:
    ada = admin(parley)
    make(ada, "Cancel a booking", "In my bookings.")

    [quoted], [plain] = (find(ada, q).json["results"] for q in ('"bookings my"', "bookings my"))
    assert quoted["highlights"] == plain["highlights"] == {"title": [], "excerpt": [[3, 5], [6, 14]]}


def test_rare_words_count_more_than_frequent_ones(parley: Parley) -> None:
    ada = admin(parley)
    frequent = [make(ada, f"Booking {number}", "About a booking.") for number in range(4)]
    rare = make(ada, "Lost luggage", "In a booking.")

    assert found(ada, "booking")[-1] == rare
    assert set(found(ada, "booking")) == {*frequent, rare}
    assert found(ada, "lug") == [rare]


def test_result_says_where_the_words_are(parley: Parley) -> None:
    ada = admin(parley)
    article = written(ada, title="Cancel a booking", text="Your booking ends.", category="booking", language="en-GB")

    [result] = find(parley.user("alice"), "book").json["results"]

    assert result == {
        "id": article["id"],
        "title": "Cancel a booking",
        "excerpt": "Your booking ends.",
        "category": "booking",
        "language": "en-GB",
        "updated_at": article["updated_at"],
        "highlights": {"title": [[9, 13]], "excerpt": [[5, 9]]},
    }


def test_category_language_and_limit_narrow_the_results(parley: Parley) -> None:
    ada = admin(parley)
    german = make(ada, "Booking", language="de-AT", category="booking")
    english = make(ada, "Booking", language="en")

    assert found(ada, "booking", "&language=de") == [german]
    assert found(ada, "booking", "&language=en") == [english]
    assert found(ada, "booking", "&category=booking") == [german]
    assert found(ada, "booking", "&category=booking&language=en") == []
    reply = find(ada, "booking", "&limit=1")
    assert (len(reply.json["results"]), reply.json["total"]) == (1, 2)


def test_drafts_are_never_found_by_anybody(parley: Parley) -> None:
    ada = admin(parley)
    draft = written(ada, title="Secret plan", state="draft")

    for reader in (parley.user("alice"), agent(parley), ada, parley.user("backend", role="service")):
        assert find(reader, "secret").json == {"results": [], "total": 0}
    published = saved(ada, draft, state="published")
    assert found(parley.user("bob"), "secret") == [published["id"]]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", ("?q", "required")),
        ("?q=", ("?q", "blank")),
        ("?q=%20", ("?q", "blank")),
        ("?q=!%3F", ("?q", "blank")),
        ("?q=" + "x" * 201, ("?q", "too_long")),
        ("?q=" + "+".join("abcdefghijk"), ("?q", "too_long")),
        ("?q=a&limit=51", ("?limit", "too_large")),
        ("?q=a&limit=0", ("?limit", "too_small")),
        ("?q=a&language=de_DE", ("?language", "bad_format")),
        ("?q=a&cursor=x", ("?cursor", "unknown_field")),
    ],
)
def test_wrong_query_is_named(parley: Parley, query: str, error: tuple[str, str]) -> None:
    assert refusal(parley.user("alice").get(f"{PATH}/search{query}")) == invalid(error)


@pytest.mark.parametrize(
    "damage",
    [
        "SET terms = :bytes",
        "REMOVE title",
        "REMOVE excerpt",
        "SET excerpt = :bytes",
        "REMOVE updated_at_ms",
        "SET #language = :bytes",
    ],
)
def test_damaged_row_of_the_index_hides_no_other(parley: Parley, damage: str) -> None:
    ada = admin(parley)
    damaged, whole = written(ada), written(ada)
    row = index_row(parley, damaged)
    spoil(parley, {name: row[name] for name in ("key", "place")}, damage)

    assert found(ada, "cancel") == [whole["id"]]


@pytest.mark.parametrize("damage", ["REMOVE index_version", "SET index_version = :bytes"])
def test_damaged_version_of_a_part_hides_no_other_part(parley: Parley, damage: str) -> None:
    ada = admin(parley)
    made = [written(ada) for _ in range(8)]
    place = f"index#{index_row(parley, made[0])['key']['S'].partition('#')[2]}"
    hidden = {each["id"] for each in made if index_row(parley, each)["key"]["S"].endswith(f"-{place}")}
    spoil(parley, {"key": {"S": "articles"}, "place": {"S": place}}, damage)

    assert set(found(ada, "cancel")) == {each["id"] for each in made} - hidden


class Parts:
    """A hook: it holds which parts of the index are read, and the store is too busy for some of them."""

    def __init__(self, parley: Parley) -> None:
        self.read: list[int] = []
        self.busy: set[int] = set()
        parley.hooks.append(self)

    def before(self, call: Call) -> None:
        part = re.search(r"article-index#([0-9]+)", str(call.params)) if call.operation == "Query" else None
        if part is None:
            return
        if int(part[1]) in self.busy:
            raise aws_refusal(call, "ThrottlingException", "as the test wants it")
        self.read.append(int(part[1]))

    def after(self, call: Call) -> None: ...

    def taken(self) -> list[int]:
        """Returns the parts that were read since the last look."""
        read, self.read = sorted(self.read), []
        return read


def test_reading_of_the_index_goes_on_where_a_busy_store_has_ended_it(parley: Parley) -> None:
    ada = admin(parley)
    articles = in_parts(parley, ada, 5)
    one, two, three, *others = sorted(articles)
    parts = Parts(parley)

    parts.busy = {one, two, three}
    assert refusal(find(ada, "cancel")) == ("store_busy", 503, [])
    assert parts.taken() == others
    parts.busy = {two}
    assert refusal(find(ada, "cancel")) == ("store_busy", 503, [])
    assert parts.taken() == [one, three]
    parts.busy = set()
    assert set(found(ada, "cancel")) >= {each["id"] for each in articles.values()}
    assert parts.taken() == [two]
    assert (set(found(ada, "cancel")) >= {each["id"] for each in articles.values()}, parts.taken()) == (True, [])


def test_change_of_an_article_makes_a_process_read_its_part_alone(parley: Parley) -> None:
    ada = admin(parley)
    articles = in_parts(parley, ada, 4)
    kept, changed, hidden, gone = articles
    parts = Parts(parley)
    before = found(ada, "cancel")
    assert parts.taken() == sorted(articles)

    articles[changed] = saved(ada, articles[changed], title="Weather", text="Rain.")
    assert (found(ada, "weather"), parts.taken()) == ([articles[changed]["id"]], [changed])
    saved(ada, articles[hidden], state="draft")
    assert ada.delete(f"{PATH}/{articles[gone]['id']}").status == 200
    after = found(ada, "cancel")

    assert parts.taken() == sorted((hidden, gone))
    assert set(before) - set(after) == {articles[part]["id"] for part in (changed, hidden, gone)}
    assert articles[kept]["id"] in after


def test_change_of_a_draft_makes_no_process_read(parley: Parley) -> None:
    ada = admin(parley)
    [article] = in_parts(parley, ada, 1).values()
    found(ada, "cancel")
    parts = Parts(parley)

    draft = written(ada, state="draft")
    saved(ada, draft, title="Other")

    assert (found(ada, "cancel"), parts.taken()) == ([article["id"]], [])


def test_article_that_is_saved_during_a_reading_is_found(parley: Parley) -> None:
    ada = admin(parley)
    (_, article), (other, _) = in_parts(parley, ada, 2).items()
    parts = Parts(parley)
    parts.busy = {other}  # its own part is read
    assert find(ada, "cancel").status == 503
    parts.busy = set()

    saved(ada, article, title="Weather", text="Rain.")

    assert (found(ada, "weather"), article["id"] in found(ada, "cancel")) == ([article["id"]], False)


def in_parts(parley: Parley, ada: User, count: int) -> dict[int, Frame]:
    """Returns new articles, published each in another part of the index, by part."""
    made: dict[int, Frame] = {}
    for number in range(4 * count):
        article = written(ada, client_id=f"article-{number}")
        made[int(index_row(parley, article)["key"]["S"].partition("#")[2])] = article
        if len(made) == count:
            break
    return made


def index_row(parley: Parley, article: Frame) -> Frame:
    [row] = [row for row in index_rows(parley) if row["place"]["S"] == article["id"]]
    return row


def spoil(parley: Parley, key: Frame, damage: str) -> None:
    names = {"#language": "language"} if "#language" in damage else {}
    values = {":bytes": {"B": b"no zlib"}} if ":bytes" in damage else {}
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Tickets"].ref,
        Key=key,
        UpdateExpression=damage,
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    )
