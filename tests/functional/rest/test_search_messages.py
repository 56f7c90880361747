"""GET /search: words in one conversation or in all of the caller's, newest first, never what is not theirs to see."""

import json
from urllib.parse import quote

import pytest

from parley.domain.api.times import rfc3339
from parley.domain.conversations.search import MAX_QUERIES_AT_ONCE, MAX_ROUNDS
from tests.functional.attachments import clean_attachment, say_aloud
from tests.functional.replies import invalid, refusal
from tests.functional.talk import fill, make_group, open_direct, say
from tests.harness import Frame, Parley, User


def search(person: User, q: str, more: str = "") -> Frame:
    reply = person.get(f"/search?q={quote(q)}{more}")
    assert reply.status == 200, reply
    return dict(reply.json)


def texts(person: User, q: str, more: str = "") -> list[str]:
    return [one["message"]["text"] for one in search(person, q, more)["results"]]


def everything(person: User, q: str, more: str = "") -> list[str]:
    """Returns the texts of all pages."""
    found, cursor = [], ""
    while True:
        page = search(person, q, f"{more}{cursor}")
        found += [one["message"]["text"] for one in page["results"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_words_are_found_as_people_write_them(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "Das Café in der Straße", "CAFÉ und ｆｕｌｌｗｉｄｔｈ", "nothing of it")

    for q in ("café", "CAFE", "strasse cafe", "caf str"):
        assert "Das Café in der Straße" in texts(bob, q), q
    assert texts(bob, "cafe") == ["CAFÉ und ｆｕｌｌｗｉｄｔｈ", "Das Café in der Straße"]
    assert texts(bob, "fullwid") == ["CAFÉ und ｆｕｌｌｗｉｄｔｈ"]
    assert texts(bob, "cafe nowhere") == []


def test_highlights_say_where_the_words_stand_in_the_text(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, open_direct(alice, bob), "👋 In der Straße")

    [hit] = search(bob, "strasse")["results"]

    [(start, end)] = hit["highlights"]
    assert hit["message"]["text"][start:end] == "Straße"


def test_all_conversations_come_in_one_order_of_time(parley: Parley) -> None:
    alice = parley.user("alice")
    others = [parley.user(f"u{number}") for number in range(4)]
    places = [open_direct(alice, other) for other in others] + [make_group(alice, *others)]
    written = []
    for number in range(30):
        parley.clock.ms += 1000
        say(alice, places[number * 7 % 5], f"word {number}")
        written.append(f"word {number}")

    assert everything(alice, "word", "&limit=7") == written[::-1]


def test_one_conversation_is_searched_alone(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    direct, other = open_direct(alice, bob), open_direct(alice, carol)
    say(alice, direct, "word here")
    say(alice, other, "word there")

    assert texts(alice, "word", f"&conversation_id={direct}") == ["word here"]


def test_nobody_finds_what_is_not_theirs(parley: Parley) -> None:
    alice, bob, eve = (parley.user(one) for one in ("alice", "bob", "eve"))
    direct, group = open_direct(alice, bob), make_group(alice, bob, eve)
    say(alice, direct, "secret one")
    say(alice, group, *(f"secret {number}" for number in range(5)))
    cursor = search(eve, "secret", "&limit=2")["next"]
    alice.delete(f"/conversations/{group}/members/eve")

    assert texts(eve, "secret") == []
    assert search(eve, "secret", f"&cursor={cursor}")["results"] == []
    refused = eve.get(f"/search?q=secret&conversation_id={direct}")
    assert refusal(refused)[:2] == ("conversation_not_found", 404)
    theirs = search(alice, "secret", "&limit=1")["next"]
    assert search(eve, "secret", f"&cursor={theirs}")["results"] == []


def test_what_is_deleted_or_hidden_is_not_found(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    gone, hidden, edited = say(alice, direct, "word gone", "word hidden", "word before")
    alice.delete(f"/messages/{gone}")
    bob.delete(f"/messages/{hidden}?scope=me")
    alice.patch(f"/messages/{edited}", json={"text": "word after"})

    assert texts(bob, "word") == ["word after"]
    assert texts(alice, "word") == ["word after", "word hidden"]
    assert texts(bob, "before") == []


def test_archived_conversations_are_searched_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(bob, direct, "word away")
    alice.patch(f"/conversations/{direct}/archive", json={"archived": True})

    assert texts(alice, "word") == ["word away"]


def test_a_request_looks_through_so_many_messages_and_no_more(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.domain.conversations.search.MAX_LOOKED_AT", 20)
    monkeypatch.setattr("parley.domain.conversations.search.FIRST_READ", 5)
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "needle", *(f"hay {number}" for number in range(45)))

    first = search(bob, "needle")

    assert first["results"] == []
    assert first["next"] is not None
    assert everything(bob, "needle") == ["needle"]


def test_a_request_looks_through_so_many_characters_and_no_more(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.domain.conversations.search.MAX_LOOKED_CHARACTERS", 300_000)
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "first")
    fill(parley, direct, ["needle", *["針" * 10_000] * 50])

    with parley.watch() as calls:
        first = search(bob, "needle")

    assert first["results"] == []
    read = [item for call in calls if call.operation == "Query" for item in call.response["Items"]]
    assert 30 <= len(read) < 50
    assert everything(bob, "needle") == ["needle"]


def test_a_page_is_as_long_as_an_answer_can_be(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "first")
    fill(parley, direct, [f"{number} needle".ljust(10_000, "\x01") for number in range(90)])

    page = bob.get("/search?q=needle&limit=100")

    assert len(json.dumps(page.text)) < 6_000_000
    assert 50 < len(page.json["results"]) < 90
    numbers = [int(text.partition(" ")[0]) for text in everything(bob, "needle", "&limit=100")]
    assert numbers == list(range(90))[::-1]


def test_what_was_written_or_deleted_before_the_search_is_seen(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, open_direct(alice, bob), "word")

    with parley.watch() as calls:
        assert texts(bob, "word") == ["word"]

    # No engine here is late as DynamoDB is, where it is not asked to read consistently.
    messages = parley.template.resources["Messages"].ref
    assert [
        call.params["ConsistentRead"]
        for call in calls
        if call.operation == "Query" and call.params["TableName"] == messages
    ] == [True]


def test_busy_conversation_and_quiet_ones_come_in_one_order(parley: Parley) -> None:
    alice = parley.user("alice")
    busy, quiet = (open_direct(alice, parley.user(one)) for one in ("bob", "carol"))
    say(alice, busy, "first")
    say(alice, quiet, "first")
    fill(parley, busy, [f"word {number}" for number in range(400)], from_ms=10**6, step_ms=10)
    fill(parley, quiet, [f"word {number}.5" for number in range(40)], from_ms=10**6 + 5, step_ms=100)

    numbers = [float(text.partition(" ")[2]) for text in everything(alice, "word", "&limit=100")]

    times = [10 * (one + 1) if one == int(one) else 5 + 100 * (one + 0.5) for one in numbers]
    assert len(numbers) == 440
    assert times == sorted(times, reverse=True)


def test_cursor_belongs_to_its_search(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    direct, other = open_direct(alice, bob), open_direct(alice, carol)
    for place in (direct, other):
        say(alice, place, "word one", "word two")
    of_all = search(alice, "word", "&limit=1")["next"]
    of_one = search(alice, "word", f"&limit=1&conversation_id={direct}")["next"]

    for more in (
        f"?q=word&conversation_id={direct}&cursor={of_all}",
        f"?q=word&conversation_id={other}&cursor={of_one}",
        f"?q=word&cursor={of_one}",
        f"?q=words&cursor={of_all}",
        f"?q=%22word%22&cursor={of_all}",
        f"?q=word&from=alice&cursor={of_all}",
        f"?q=word&after=2020-01-01&cursor={of_all}",
        f"?q=word&before=2100-01-01&cursor={of_all}",
        f"?q=word&kind=text&cursor={of_all}",
        f"?kind=text&cursor={of_all}",
    ):
        assert refusal(alice.get(f"/search{more}")) == invalid(("?cursor", "bad_cursor")), more
    assert texts(alice, "WORD", f"&conversation_id={direct}&cursor={of_one}") == ["word one"]


def test_more_conversations_than_are_searched_at_once_are_all_searched(parley: Parley) -> None:
    alice = parley.user("alice")
    for number in range(27):
        say(alice, open_direct(alice, parley.bearer("", f"u{number}")), f"word {number}")

    assert sorted(everything(alice, "word")) == sorted(f"word {number}" for number in range(27))


def test_rare_word_in_many_conversations_takes_a_bounded_number_of_round_trips(parley: Parley) -> None:
    alice = parley.user("alice")
    for number in range(230):  # ten groups that are searched side by side
        word = "needle" if number in (0, 229) else "hay"
        say(alice, open_direct(alice, parley.bearer("", f"u{number}")), f"{word} {number}")

    pages: list[Frame] = []
    cursor = ""
    while not pages or pages[-1]["next"]:
        with parley.watch() as calls:
            pages.append(search(alice, "needle", cursor))
        cursor = f"&cursor={pages[-1]['next']}"
        in_a_row = sum(call.operation == "BatchGetItem" for call in calls) * 2
        at_once = sum(call.operation == "Query" for call in calls) // MAX_QUERIES_AT_ONCE
        # Of the queries the index's are counted twice; a group's last wave and the results' own are begun in the bound.
        assert in_a_row + at_once <= MAX_ROUNDS + 5

    assert len(pages) > 1
    found = [one["message"]["text"] for page in pages for one in page["results"]]
    assert sorted(found) == ["needle 0", "needle 229"]  # the index knows hours only, and it was one


def test_phrases_and_signs_are_found_as_they_are_written(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, open_direct(alice, bob), "the big dog", "a dog so big", "I write C++ and C#", "I see .NET", "a net", "C")

    assert texts(bob, '"big dog"') == ["the big dog"]
    assert texts(bob, '"big dog" the') == ["the big dog"]
    assert texts(bob, "big dog") == ["a dog so big", "the big dog"]
    assert texts(bob, "c++") == texts(bob, "C#") == ["I write C++ and C#"]
    assert texts(bob, "c") == ["C", "I write C++ and C#"]
    assert texts(bob, ".net") == ["I see .NET"]
    [hit] = search(bob, "c++")["results"]
    assert hit["highlights"] == [[8, 11]]


def test_search_is_narrowed_to_a_person_and_a_time(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    direct, group = open_direct(alice, bob), make_group(alice, bob, carol)
    times = []
    for number, (person, place) in enumerate([(alice, direct), (bob, direct), (bob, group), (carol, group)]):
        parley.clock.ms += 3_600_000
        times.append(quote(rfc3339(parley.clock.ms)))
        say(person, place, f"word {number}")

    assert texts(alice, "word", "&from=bob") == ["word 2", "word 1"]
    assert texts(alice, "word", f"&from=bob&conversation_id={direct}") == ["word 1"]
    assert texts(alice, "word", f"&after={times[1]}") == ["word 3", "word 2", "word 1"]
    assert texts(alice, "word", f"&before={times[1]}") == ["word 0"]
    assert texts(alice, "word", f"&after={times[1]}&before={times[3]}&from=bob") == ["word 2", "word 1"]
    assert texts(alice, "word", f"&after={times[1][:10]}&limit=100") == ["word 3", "word 2", "word 1", "word 0"]
    assert texts(alice, "word", "&after=2100-01-01") == texts(alice, "word", "&before=2000-01-01") == []
    assert texts(alice, "word", "&from=nobody") == []


def test_search_without_words_finds_all_that_the_other_fields_leave(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "one", "two")
    [gone] = say(bob, direct, "three")
    bob.delete(f"/messages/{gone}")
    say(bob, direct, "four")

    found = bob.get("/search?from=alice&limit=1").json
    assert [one["message"]["text"] for one in found["results"]] == ["two"]
    assert found["results"][0]["highlights"] == []
    more = bob.get(f"/search?from=alice&limit=1&cursor={found['next']}").json
    assert [one["message"]["text"] for one in more["results"]] == ["one"]
    assert [one["message"]["text"] for one in bob.get("/search?kind=text").json["results"]] == ["four", "two", "one"]


def test_search_is_narrowed_to_a_kind(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "word alone")
    say_aloud(parley, alice, direct)
    for name, type, kind in (("word.png", "image/png", "image"), ("word.pdf", "application/pdf", "file")):
        asked: dict[str, object] = {"name": name, "type": type}
        attachment_id = clean_attachment(parley, alice, direct, asked=asked, kind=kind)
        sent = alice.post(f"/conversations/{direct}/messages", json={"attachment_ids": [attachment_id], "text": name})
        assert sent.status == 201, sent

    def of_kind(kind: str, q: str = "") -> list[str]:
        found = bob.get(f"/search?kind={kind}{q}").json["results"]
        return [one["message"]["text"] or one["message"]["kind"] for one in found]

    assert of_kind("text") == of_kind("text", "&q=word") == ["word alone"]
    assert of_kind("image") == of_kind("image", "&q=word") == ["word.png"]
    assert of_kind("file") == ["word.pdf"]
    assert of_kind("voice") == ["voice"]
    assert of_kind("audio") == of_kind("video") == []


def test_search_reads_nothing_of_conversations_without_a_message_in_its_time(parley: Parley) -> None:
    alice = parley.user("alice")
    old = [open_direct(alice, parley.bearer("", f"u{number}")) for number in range(3)]
    for place in old:
        say(alice, place, "word")
    parley.clock.ms += 3_600_000
    at = quote(rfc3339(parley.clock.ms))
    say(alice, old[0], "word now")

    messages = parley.template.resources["Messages"].ref
    with parley.watch() as calls:
        assert texts(alice, "word", f"&after={at}") == ["word now"]

    read = [call for call in calls if call.operation == "Query" and call.params["TableName"] == messages]
    assert len(read) == 1


def test_wrong_fields_are_named(parley: Parley) -> None:
    alice = parley.user("alice")

    assert refusal(alice.get("/search"))[2] == [("?q", "required")]
    assert refusal(alice.get("/search?q=%20"))[2] == [("?q", "blank")]
    assert refusal(alice.get("/search?q=..."))[2] == [("?q", "blank")]
    assert refusal(alice.get("/search?q=" + "x" * 201))[2] == [("?q", "too_long")]
    assert refusal(alice.get("/search?q=" + "+".join("abcdefghijkl")))[2] == [("?q", "too_long")]
    assert refusal(alice.get("/search?q=a&cursor=%21"))[2] == [("?cursor", "bad_cursor")]
    assert refusal(alice.get("/search?q=a&conversation_id=x"))[2] == [("?conversation_id", "bad_format")]
    assert refusal(alice.get("/search?q=a&limit=101"))[2] == [("?limit", "too_large")]
    assert refusal(alice.get("/search?limit=10"))[2] == [("?q", "required")]
    assert refusal(alice.get("/search?q=%22..%22"))[2] == [("?q", "blank")]
    assert refusal(alice.get("/search?from=%20"))[2] == [("?from", "bad_format")]
    assert refusal(alice.get("/search?kind=system"))[2] == [("?kind", "not_allowed")]
    assert refusal(alice.get("/search?after=monday"))[2] == [("?after", "bad_format")]
    assert refusal(alice.get("/search?before=2026-02-30"))[2] == [("?before", "bad_format")]
    both = [("?after", "contradiction"), ("?before", "contradiction")]
    assert refusal(alice.get("/search?after=2026-02-02&before=2026-02-02"))[2] == both
    assert alice.get("/search?after=2026-02-01&before=2026-02-02").status == 200
