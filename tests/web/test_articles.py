"""Articles in `<parley-support>`: suggestions while a request is written, and the one that is read."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.around import ARABIC, HOSTILE, LOOKS, calls, show_around
from tests.web.browser import DESKTOP, SMALL_PHONE, Pages, Profile
from tests.web.sources import violations

SUPPORT = "<parley-support></parley-support>"
SUGGEST = "/support/articles/suggest"
VOTE = "/support/articles/{article_id}/vote"
# An answer with suggestions waits until the test lets it come.
ARTICLES = """
window.hit = 0
window.found = window.found ?? [
  {id: "k_1", title: "Cancel a booking", excerpt: "Open **My bookings** and choose *Cancel*.", language: "en-GB"},
  {id: "k_2", title: "إلغاء الحجز", excerpt: "افتح **حجوزاتي**.", language: "ar"}]
window.text = ["Open **My bookings** <b onclick=hit=1>now</b>.", "- First\\n- [Then](https://example.org/)", "> Free."]
  .join("\\n\\n")
window.vote = null
window.lost = false // the answer to a vote
window.asked = []
const one = id => found.find(one => one.id === id)
const answers = {
  "GET /support/tickets": {tickets: [], next: null, users: {}},
  "POST /support/articles/suggest": ({body}) => new Promise((done, fail) => asked.push({body, done, fail})),
  "GET /support/articles/{article_id}": ({path}) => ({...one(path.article_id), text, own_vote: vote}),
  "PUT /support/articles/{article_id}/vote": ({path, body}) => {
    vote = body
    if (lost) throw Object.assign(new Error(), {code: "x", detail: "No answer."})
    return {id: path.article_id, ...body}
  },
  "POST /support/tickets": Object.assign(new Error(), {code: "x", detail: "Not now."}),
}
for (const [route, answer] of Object.entries(answers)) store.answers.set(route, answer)
"""


def writing(pages: Pages, setup: str = "", profile: Profile = DESKTOP, **options: Any) -> Page:
    """Returns a page on which a request is begun."""
    page = show_around(pages, SUPPORT, setup + ARTICLES, profile, **options)
    page.locator(".head .main").click()
    expect(page.locator(".found")).to_have_count(1)
    return page


def come(page: Page, number: int, found: str = "found") -> None:
    """Lets the answer to a question come, once it is asked."""
    page.wait_for_function("number => asked.length > number", arg=number)
    page.evaluate(f"number => asked[number].done({{suggestions: {found}}})", number)


def votes(page: Page) -> list[Any]:
    return [asked[1]["body"] for asked in calls(page, "PUT") if asked[0] == VOTE]


def test_suggestions_come_after_a_pause_and_the_newest_question_wins(pages: Pages) -> None:
    page = writing(pages)
    subject, description = page.get_by_label("Subject"), page.get_by_label("How can we help?")
    subject.press_sequentially("Cancel")
    page.wait_for_function("asked.length === 1")  # six letters are one question
    description.fill("I " + "😀" * 3000)
    page.wait_for_function("asked.length === 2")
    come(page, 1)
    expect(page.get_by_role("status").get_by_text("2 articles may help")).to_be_visible()
    come(page, 0, "found.slice(1)")  # it was asked before
    description.fill("I cannot come")
    page.wait_for_function("asked.length === 3")
    page.evaluate("asked[2].fail(new Error())")
    subject.fill("Cancel it")
    come(page, 3, "Array.from({length: 9}, (_, n) => ({...found[0], id: `k_${n}`}))")
    expect(page.locator(".suggested li")).to_have_count(5)
    assert calls(page, "POST")[2][1]["body"]["description"] == "I cannot come"
    subject.fill(" ")
    description.fill("")
    expect(page.locator(".suggested")).to_have_count(0)  # nothing is written, and nothing is asked
    expect(page.get_by_role("button", name="may help")).to_have_count(0)

    assert len(calls(page, "POST")) == 4
    first, second = (asked[1]["body"] for asked in calls(page, "POST")[:2])
    assert first == {"subject": "Cancel", "description": "", "language": "en"}
    assert second["description"] == "I " + "😀" * 1998  # those that count
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_article_is_read_voted_on_and_left_and_what_was_written_stays(pages: Pages) -> None:
    page = writing(pages)
    subject, description = page.get_by_label("Subject"), page.get_by_label("How can we help?")
    subject.fill("Cancel")
    description.fill("I cannot come on Monday")
    come(page, 0)
    page.get_by_role("button", name="2 articles may help").press("Enter")
    expect(page.get_by_role("button", name="Cancel a booking")).to_be_focused()
    page.keyboard.press("Enter")
    article = page.get_by_role("article", name="Cancel a booking")
    expect(page.get_by_role("heading", name="Cancel a booking")).to_be_focused()
    expect(article).to_have_attribute("lang", "en-GB")
    expect(article.locator("strong")).to_have_text("My bookings")
    expect(article).to_contain_text("<b onclick=hit=1>now</b>")  # HTML is words
    expect(article.get_by_role("link", name="Then")).to_have_attribute("target", "_blank")
    expect(description).to_be_hidden()

    page.get_by_role("button", name="No", exact=True).click()
    expect(page.get_by_role("status").get_by_text("Send your request")).to_be_visible()
    page.get_by_role("button", name="Back to my request").click()
    expect(page.get_by_role("button", name="Cancel a booking")).to_be_focused()
    expect(subject).to_have_value("Cancel")
    expect(description).to_have_value("I cannot come on Monday")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="No", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Yes", exact=True).click()
    page.evaluate("lost = true")
    page.get_by_role("button", name="My problem is solved").click()
    expect(page.get_by_role("alert")).to_contain_text("No answer.")  # it may be counted
    page.get_by_role("button", name="Back to my request").click()
    expect(description).to_have_value("I cannot come on Monday")
    saved = {"helped": True, "instead_of_ticket": True}
    assert votes(page) == [{"helped": each, "instead_of_ticket": False} for each in (False, True)] + [saved]

    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("alert")).to_contain_text("Not now.")
    assert votes(page)[-1] == saved  # no request was sent
    page.evaluate("store.answers.set('POST /support/tickets', {id: 't_1', subject: 'S', status: 'open', version: 1})")
    page.get_by_role("button", name="Send request").click()
    expect(page.locator("parley-composer")).to_have_count(1)
    assert votes(page)[-1] == {"helped": True}  # the article has saved no ticket after all


def test_a_person_whose_problem_is_solved_closes_the_request(pages: Pages) -> None:
    page = writing(pages)
    page.evaluate(
        "store.answers.set('GET /support/articles/{article_id}', Object.assign(new Error(), {detail: 'Gone.'}))"
    )
    page.get_by_label("Subject").fill("Cancel")
    come(page, 0)
    page.get_by_role("button", name="Cancel a booking").click()
    expect(page.get_by_role("heading", name="Gone.")).to_be_visible()
    assert violations(page) == []
    page.evaluate(
        "store.answers.set('GET /support/articles/{article_id}', {...found[0], text, own_vote: {helped: true}})"
    )
    page.get_by_role("button", name="Try again").click()
    refused = (
        "store.answers.set('PUT /support/articles/{article_id}/vote', Object.assign(new Error(), {detail: 'No.'}))"
    )
    page.evaluate(refused)
    page.get_by_role("button", name="My problem is solved").click()
    expect(page.get_by_role("alert")).to_contain_text("No.")
    page.evaluate("store.answers.set('PUT /support/articles/{article_id}/vote', {})")
    page.get_by_role("button", name="My problem is solved").click()
    page.get_by_role("button", name="Close my request").click()

    expect(page.get_by_role("heading", name="No requests yet")).to_be_visible()
    page.locator(".head .main").click()
    expect(page.get_by_label("Subject")).to_have_value("")


def test_hostile_articles_are_words_also_on_a_small_phone(pages: Pages) -> None:
    page = writing(pages, "window.found = []\n", SMALL_PHONE)
    page.evaluate(
        """hostile => { found = hostile.map((text, n) => ({id: `k_${n}`, title: text, excerpt: text, language: "en"}))
                        text = hostile.join("\\n\\n") }""",
        list(HOSTILE),
    )
    page.get_by_label("Subject").fill("Cancel")
    for number, part in enumerate(("found.slice(0, 5)", "found.slice(5)")):
        page.get_by_label("Subject").fill(f"Cancel {number}")
        come(page, number, part)
        expect(page.locator(".suggested li")).to_have_count((5, len(HOSTILE) - 5)[number])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".suggested button").last.click()
    expect(page.get_by_role("button", name="Yes", exact=True)).to_be_visible()

    assert page.evaluate("window.hit") == 0
    assert page.locator(".article").evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize(
    ("name", "profile", "scheme", "setup"),
    (*LOOKS[:2], ("320", SMALL_PHONE, "light", ""), ("320-rtl", SMALL_PHONE, "dark", ARABIC)),
)
def test_it_is_for_everyone(pages: Pages, name: str, profile: Profile, scheme: str, setup: str) -> None:
    page = writing(pages, setup, profile, color_scheme=scheme)
    page.locator("[name=subject]").fill("Cancel")
    come(page, 0)
    page.locator(".found button").click()
    expect(page.locator(".suggested button").first).to_be_focused()
    pages.shoot(page, f"articles-{name}")
    assert violations(page) == []
    page.locator(".suggested button").nth(1 if setup else 0).click()
    page.locator(".votes button").first.click()
    expect(page.locator(".foot .main")).to_be_visible()
    pages.shoot(page, f"article-{name}")
    assert violations(page) == []
    page.locator(".foot .main").click()
    expect(page.locator(".talk .state .main")).to_be_visible()
    pages.shoot(page, f"article-solved-{name}")
    assert violations(page) == []


HELP = "<parley-support articles></parley-support>"
SEARCH = """
store.answers.set("GET /support/articles/search", ({query}) => new Promise(done => asked.push({query, done})))
window.results = list => ({total: list.length, results: list.map(one => ({...one, highlights: {
  title: one.id === "k_1" ? [[0, 6]] : [], excerpt: one.id === "k_1" ? [[33, 39]] : []}}))})
"""


def searching(page: Page, number: int, q: str, found: str) -> None:
    page.locator(".find input").fill(q)
    page.wait_for_function("number => asked.length > number", arg=number)
    page.evaluate(f"number => asked[number].done(results({found}))", number)


def test_articles_are_searched_before_a_request_is_written(pages: Pages) -> None:
    page = show_around(pages, HELP, ARTICLES + SEARCH)
    field = page.get_by_role("searchbox", name="Search for help")
    field.fill("canc")
    page.wait_for_function("asked.length === 1")
    searching(page, 1, "cancel", "found")
    expect(page.get_by_role("status").get_by_text("2 articles found")).to_be_attached()
    page.evaluate("asked[0].done(results([]))")  # it was asked before
    expect(page.locator(".suggested mark")).to_have_text(["Cancel", "Cancel"])
    assert page.evaluate("asked.map(({query}) => [query.q, query.language])") == [["canc", "en"], ["cancel", "en"]]

    page.get_by_role("button", name="Cancel a booking").click()
    expect(page.get_by_role("heading", name="Cancel a booking")).to_be_focused()
    page.get_by_role("button", name="Yes", exact=True).click()
    expect(page.get_by_role("status").get_by_text("Thank you.")).to_be_visible()
    expect(page.get_by_role("button", name="My problem is solved")).to_have_count(0)  # there is no request
    page.get_by_role("button", name="Back to the search").click()
    expect(page.get_by_role("button", name="Cancel a booking")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="No", exact=True).click()
    page.locator(".foot").get_by_role("button", name="New request").click()
    expect(page.get_by_label("Subject")).to_have_value("cancel")
    page.wait_for_function("asked.length === 3")  # the form suggests
    page.get_by_label("How can we help?").fill("I wait")
    page.locator("[data-article=k_1]").first.click()
    expect(page.get_by_role("heading", name="Cancel a booking")).to_be_focused()
    page.locator(".foot").get_by_role("button", name="New request").click()
    expect(page.get_by_label("How can we help?")).to_have_value("I wait")  # the form that is there
    page.wait_for_function("asked.length === 4")

    page.evaluate("store.answers.set('GET /support/articles/search', Object.assign(new Error(), {detail: 'Not now.'}))")
    field.fill("seat")
    expect(page.locator(".list").get_by_role("heading", name="Not now.")).to_be_visible()
    page.evaluate("store.answers.set('GET /support/articles/search', results([]))")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(field).to_be_focused()
    expect(page.get_by_role("heading", name="No requests yet")).to_be_visible()
    page.evaluate("document.querySelector('parley-support').removeAttribute('articles')")
    expect(field).to_have_count(0)


def test_a_page_without_the_attribute_has_no_search_and_a_form_that_does_not_come_is_said(pages: Pages) -> None:
    pages.allow("Failed to load resource|net::ERR")
    page = show_around(pages, SUPPORT, ARTICLES)
    page.route("**/support/form.js", lambda route: route.abort())
    page.locator(".head .main").click()
    expect(page.get_by_role("heading", name="There is no connection")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_count(0)
    page.unroute("**/support/form.js")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("Subject")).to_be_focused()


def test_the_search_is_for_everyone(pages: Pages) -> None:
    for name, profile, scheme, setup in (("320", SMALL_PHONE, "light", ""), ("rtl", DESKTOP, "dark", ARABIC)):
        page = show_around(pages, HELP, setup + ARTICLES + SEARCH, profile, color_scheme=scheme)
        searching(page, 0, "cancel", "found")
        expect(page.locator(".suggested li")).to_have_count(2)
        pages.shoot(page, f"help-{name}")
        assert violations(page) == []
        page.locator(".suggested button").first.click()
        expect(page.locator(".votes button").first).to_be_visible()
        pages.shoot(page, f"help-article-{name}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
