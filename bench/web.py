"""The web client in a real browser: what a page loads, how long its frames take, and whether its memory stays flat.

Frames are tasks of the page's main thread in the browser's own trace. A thread of 50,000 messages is scrolled through
from one end to the other; another one gets 100 messages a second. The half hour is simulated: its events come as fast
as the page takes them. Needs an installed Chromium.
"""

import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page

from bench import delivery
from bench.rows import Row, Section
from tests.web.around import WHOLE
from tests.web.browser import Pages, find, running
from tests.web.sources import show
from tests.web.tools import node

CLIENT_BYTES = 20_000
ALL_BYTES = 90_000
SCROLL_MS = 50.0
INCOMING_MS = 100.0
USABLE_MS = 1_000.0
LOADS = 5
GROWTH = 1.1  # of the heap from the fifth minute to the thirtieth
MESSAGES = 50_000
STEPS = 150
CONVERSATIONS = 10_000
LIST_MS = 100.0
INCOMING_PER_S = 100
INCOMING_S = 10

# When the list shows a conversation, by the page's own clock, which begins as the page is asked for.
USABLE = """
const list = () => document.querySelector("parley-chat")?.shadowRoot.querySelector("parley-inbox")?.shadowRoot
const look = () => {
  if (list()?.textContent.includes("volcanoes")) window.usableMs = performance.now()
  else requestAnimationFrame(look)
}
requestAnimationFrame(look)
"""
BODY = '<main><parley-thread conversation="d_1"></parley-thread></main>'
THREAD = """
import "/given/setup.js"
store.page = 60000
store.addConversation("d_1", {messages: numbered(%d)})
configure({store})
"""
# A wheel's notches, one a frame, then pages and the ends.
SCROLL = """steps => new Promise(done => {
  let step = 0
  const height = scroller().scrollHeight
  const next = () => {
    if (++step > steps) return done()
    scroller().scrollTop = step %% 10 ? scroller().scrollTop - 300 : height * (1 - step / steps)
    requestAnimationFrame(next)
  }
  requestAnimationFrame(next)
})""".replace("%%", "%")
INCOMING = """([perSecond, seconds]) => new Promise(done => {
  const start = performance.now()
  let count = 0
  const next = () => {
    const due = Math.floor((performance.now() - start) / 1000 * perSecond)
    for (; count < due; count++) store.receive("d_1", {text: `message ${count} **of many**, with https://example.com/${count}`})
    if (count >= perSecond * seconds) done()
    else setTimeout(next, 5)
  }
  next()
})"""
# A minute of a busy conversation: typing, presence, reactions and edits of what is there. Messages stay, so none come.
MINUTE = """minute => new Promise(async done => {
  const turn = () => new Promise(requestAnimationFrame)
  for (let n = 0; n < 60; n++) {
    store.setTyping("d_1", n % 4 < 2 ? ["bob"] : [])
    store.setPresence("bob", n % 10 !== 0)
    store.changeMessage(`d_1.${1000 - n}`, {text: `edited in minute ${minute}`, change_seq: minute * 60 + n})
    scroller().scrollTop -= n % 2 ? 400 : -400
    await turn()
  }
  done()
})"""


LIST = """
import { configure } from "/web/components/index.js"
import { storeOf } from "/given/many.js"
window.many = storeOf(%d)
await many.loaded()
configure({store: many.store})
"""
# A wheel, jumps with the thumb, a message in each frame, and a search letter by letter.
LISTED = """() => new Promise(async done => {
  const turn = () => new Promise(requestAnimationFrame)
  const root = document.querySelector("parley-inbox").shadowRoot
  const scroller = root.querySelector(".scroll")
  const whole = scroller.scrollHeight
  for (let step = 0; step < 100; step++) {
    scroller.scrollTop = step % 10 ? scroller.scrollTop + 300 : whole * step / 100
    many.receive(step * 97, `message ${step}`)
    await turn()
  }
  const field = root.querySelector("input")
  for (const text of ["d", "do", "dor", "dora", "dora 7", "dora 77", ""]) {
    field.value = text
    field.dispatchEvent(new InputEvent("input", {bubbles: true}))
    await turn()
    await turn()
  }
  done()
})"""


def _traced(browser: Browser, page: Page, act: Callable[[], Any]) -> float:
    """Returns the longest task of the page's main thread during an act, in ms, from the browser's own trace."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        browser.start_tracing(page=page, path=path, categories=["toplevel", "devtools.timeline", "__metadata"])
        act()
        browser.stop_tracing()
        events = json.loads(path.read_text())["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        event["dur"] / 1000
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask" and (event["pid"], event["tid"]) in mains and "dur" in event
    ]
    assert tasks, "the trace has no task"
    return float(max(tasks))


def _heap(page: Page) -> float:
    """Returns the bytes that the page's scripts hold, after what nobody holds was collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"])


def _frames(browser: Browser) -> list[Row]:
    pages = Pages(browser)
    try:
        page = show(pages, BODY, THREAD % MESSAGES)
        page.wait_for_function("() => onScreen().at(-1) === 50000")
        scrolled = _traced(browser, page, lambda: page.evaluate(SCROLL, STEPS))
        page.evaluate("scroller().scrollTop = scroller().scrollHeight")
        incoming = _traced(browser, page, lambda: page.evaluate(INCOMING, [INCOMING_PER_S, INCOMING_S]))
        page.close()
        page = show(pages, "<main><parley-inbox></parley-inbox></main>", LIST % CONVERSATIONS, head=WHOLE)
        page.wait_for_selector(".entry")
        listed = _traced(browser, page, lambda: page.evaluate(LISTED))
        page.close()
        page = show(pages, BODY, THREAD % 1000)
        for minute in range(5):
            page.evaluate(MINUTE, minute)
        early = _heap(page)
        for minute in range(5, 30):
            page.evaluate(MINUTE, minute)
        growth = _heap(page) / early
    finally:
        pages.close()
    return [
        Row(
            key="web.scroll_ms",
            what="longest frame while 50,000 messages are scrolled through",
            number=scrolled,
            unit="ms",
            budget=SCROLL_MS,
        ),
        Row(
            key="web.incoming_ms",
            what="longest frame while 100 messages a second come for 10 s",
            number=incoming,
            unit="ms",
            budget=INCOMING_MS,
        ),
        Row(
            key="web.list_ms",
            what="longest frame while a list of 10,000 conversations is scrolled, gets messages and is searched",
            number=listed,
            unit="ms",
            budget=LIST_MS,
        ),
        Row(
            key="web.growth",
            what="the page's heap after 30 simulated minutes, as a multiple of that after 5",
            number=growth,
            unit="×",
            budget=GROWTH,
        ),
    ]


def _usable(browser: Browser) -> Row:
    """Opens a person's screen of the demo again and again on one device, until its list shows a conversation."""
    pages = Pages(browser)
    context = pages.device()
    context.add_init_script(USABLE)
    page = context.new_page()
    times = []
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder, delivery.running(Path(folder)) as (rest, _):
        httpx.post(f"{rest}/local/demo/seed", json={}, timeout=60).raise_for_status()
        try:
            for _ in range(LOADS + 1):
                page.goto(f"{rest}/web/demo/pane.html?user=demo-ada")
                page.wait_for_function("() => window.usableMs")
                times.append(float(page.evaluate("window.usableMs")))
        finally:
            pages.close()
    first, *again = times
    return Row(
        key="web.usable_ms",
        what="from the address of a chat until its list is there, on a device that has loaded it before",
        number=round(statistics.median(again)),
        unit="ms",
        budget=USABLE_MS,
        note=f"median of {LOADS}, each module by itself as `make run` serves it; {first:.0f} ms for the first time",
    )


def measure() -> Section:
    """Returns the sizes of what a page loads, and its times and memory in Chromium."""
    sizes = json.loads(node("tools/bundle.mjs"))
    rows = [
        Row(
            key=f"web.{name}_bytes",
            what=f"{what}, minified and gzipped",
            number=sizes[name]["gzip"],
            unit="bytes",
            budget=budget,
            note="languages but English, emoji names and calls are loaded on demand",
        )
        for name, what, budget in (
            ("client", "the client alone", CLIENT_BYTES),
            ("parley", "client, store and elements", ALL_BYTES),
        )
    ]
    executable = find()
    if executable is None:
        raise SystemExit("bench: web needs an installed Chromium, or CHROMIUM=/path/to/chromium")
    with running(executable) as browser:
        return Section(rows=[*rows, _usable(browser), *_frames(browser)])
