"""A suspended person reads until when and why, on the page that is open, and may write again when it is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.web.browser import Pages
from tests.web.talking import PATIENCE_MS, Talk, say, shows

ZONE = ZoneInfo("Europe/Paris")  # of the browsers


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def suspend(talk: Talk, until: datetime, scope: str = "write") -> None:
    talk.stack.known("grace", role="admin").put(
        f"/admin/suspensions/{talk.bob.user_id}",
        until=until.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        reason="Too **many** links",
        scope=scope,
    )


def lift(talk: Talk) -> None:
    talk.stack.known("grace", role="admin").delete(f"/admin/suspensions/{talk.bob.user_id}")


def can_write(page: Page) -> None:
    expect(page.locator("parley-composer textarea")).to_be_enabled(timeout=PATIENCE_MS)


def test_who_may_not_write_is_told_at_once_and_comes_back(pages: Pages, talk: Talk) -> None:
    pages.allow("403")
    page = talk.on(pages, talk.bob)
    until = later(3600)
    page.locator("parley-composer textarea").fill("half a sentence")
    suspend(talk, until)
    refused = page.locator("parley-composer .refused")
    expect(refused).to_contain_text("Reason: Too **many** links")
    there = until.astimezone(ZONE)
    expect(refused).to_contain_text(f"You are suspended until {there:%A, %B} {there.day}")
    expect(refused).to_contain_text(there.strftime("%I:%M").lstrip("0"))
    expect(page.locator("parley-composer textarea")).to_have_count(0)

    lift(talk)
    expect(page.locator("parley-composer textarea")).to_have_value("half a sentence")
    say(page, "I am back")
    shows(page, "Hello, Bob", "I am back")

    suspend(talk, later(3))
    expect(refused).to_be_visible()
    can_write(page)  # it has ended by itself


def test_a_refusal_tells_what_no_event_has_told(pages: Pages, talk: Talk) -> None:
    pages.allow("403")
    page = talk.on(pages, talk.bob)
    page.wait_for_function("() => store.me")
    # The event is lost on its way: the page learns of it when the message is refused.
    page.evaluate("""() => {
        const { replica } = store.client, apply = replica.apply.bind(replica)
        let isFirst = true
        const lose = () => { isFirst = false; return apply({kind: "tick"}) }
        replica.apply = input => input.event === "suspended" && isFirst ? lose() : apply(input)
        window.lost = () => !isFirst
    }""")
    suspend(talk, later(3600))
    page.wait_for_function("() => lost()")
    can_write(page)
    say(page, "Is there anybody?")
    expect(page.locator("parley-composer .refused")).to_contain_text("Reason: Too **many** links")


def test_who_is_shut_out_reads_why_and_comes_back(pages: Pages, talk: Talk) -> None:
    pages.allow("403|WebSocket")
    page = talk.on(pages, talk.bob)
    shows(page, "Hello, Bob")
    suspend(talk, later(6), "all")
    expect(page.get_by_role("heading", name="Your account is suspended").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("parley-chat")).to_contain_text("Reason: Too **many** links")
    can_write(page)
    shows(page, "Hello, Bob")
