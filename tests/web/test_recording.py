"""Voice messages: recorded, sent, thrown away, and refused by the browser."""

from playwright.sync_api import expect

from tests.web.browser import Pages
from tests.web.sources import violations
from tests.web.talking import Talk, say, shows
from tests.web.test_composer import PLAIN, opened, sent

NEEDS_WINDOWS = True  # the browser without windows records no sound


def test_a_voice_message_is_recorded_and_sent(pages: Pages) -> None:
    page = opened(pages, permissions=["microphone"])
    page.get_by_role("button", name="Record a voice message").click()
    page.get_by_role("timer", name="Recording").wait_for()
    page.wait_for_timeout(900)
    assert page.locator(".levels i").count() > 3
    assert not violations(page)
    pages.shoot(page, "composer-recording")

    page.get_by_role("button", name="Send").click()
    page.wait_for_function("() => calls('send').length === 1")

    [to, draft] = page.evaluate("calls('send')[0]")
    assert (to, draft["kind"]) == ("d_1", "voice")
    assert (draft["files"][0]["name"], draft["files"][0]["type"]) == ("voice.webm", "audio/webm")
    expect(page.get_by_role("timer")).to_have_count(0)


def test_a_recording_can_be_thrown_away(pages: Pages) -> None:
    page = opened(pages, permissions=["microphone"])
    page.get_by_role("button", name="Record a voice message").click()
    page.wait_for_timeout(700)

    page.get_by_role("button", name="Discard the recording").click()

    expect(page.get_by_role("timer")).to_have_count(0)
    assert sent(page) == []


def test_a_microphone_that_is_not_allowed_is_said(pages: Pages) -> None:
    page = opened(
        pages,
        f"""{PLAIN}
        navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('x', 'NotAllowedError') }}""",
    )

    page.get_by_role("button", name="Record a voice message").click()

    expect(page.get_by_role("alert")).to_contain_text("The microphone is not allowed.")


def test_a_microphone_that_is_denied_is_said(pages: Pages, talk: Talk) -> None:
    desk = talk.on(pages, talk.alice)
    shows(desk, "Hello, Bob")
    desk.get_by_role("button", name="Record a voice message").click()
    expect(desk.locator("parley-composer").get_by_role("alert")).to_contain_text("The microphone is not allowed.")
    say(desk, "then in words")
    shows(desk, "Hello, Bob", "then in words")
