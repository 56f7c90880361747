"""The examples of docs/guides/web.md as they stand there, in a browser and against a stack."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.contracts.tools import PYTHON
from tests.e2e.stack import PATIENCE_S, Person, Stack, free_port
from tests.web.browser import PHONE, Pages
from tests.web.sources import violations
from tests.web.tools import WEB, node, tool

GUIDE = (WEB.parent / "docs" / "guides" / "web.md").read_text(encoding="utf-8")
SAID = "Have you seen the example?"
# Each example begins with its name, in a comment.
EXAMPLES: dict[str, str] = dict(
    re.findall(r"^```\w+\n(?:<!-- |/\* |// |# )(\S+)[^\n]*\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
)
COMPILE_VUE = """
import { readFileSync } from "node:fs";
import { compileScript, parse } from "vue/compiler-sfc";
const compilerOptions = { isCustomElement: (tag) => tag.startsWith("parley-") };
const { descriptor } = parse(readFileSync(process.argv[1], "utf8"), { templateParseOptions: compilerOptions });
console.log(compileScript(descriptor, { id: "x", inlineTemplate: true, templateOptions: { compilerOptions } }).content);
"""

Show = Callable[..., Page]


def example(name: str, stack: Stack) -> str:
    """Returns an example, with this stack's addresses in the place of the default ones."""
    text = EXAMPLES[name].replace("http://localhost:3000/v1", stack.rest_url)
    return text.replace("ws://localhost:3001/v1", stack.websocket_url)


@pytest.fixture
def ada(stack: Stack) -> Person:
    """Returns a person with one conversation, in which there is one message."""
    ada, ben = stack.person("ada"), stack.person("ben")
    ben.post(f"/conversations/{ben.opens(ada)}/messages", text=SAID)
    return ada


@pytest.fixture
def show(stack: Stack, pages: Pages, ada: Person) -> Show:
    """Returns what shows a page of an application that has the web client at /web, and a server that gives tokens."""
    root = stack.rest_url.removesuffix("/v1")
    policy = httpx.get(f"{root}/", timeout=PATIENCE_S).headers["Content-Security-Policy"]

    def show(body: str, script: str = "", policies: str = "", **files: str) -> Page:
        served = {f"/{name.replace('__', '.')}": text for name, text in files.items()}
        token = {"/parley-token": json.dumps({"token": ada.token})}
        return pages.show(body, script, PHONE, origin=root, policy=policy + policies, files={**served, **token})

    return show


def expect_conversation(page: Page) -> None:
    expect(page.locator("parley-chat").get_by_text(SAID).first).to_be_visible()


def bundle(folder: Path, main: str, name: str, source: str) -> str:
    """Returns a module of a framework with its imports, but for the web client, which stays at /web/parley.js."""
    (folder / "node_modules").symlink_to(WEB / "node_modules")
    (folder / name).write_text(source, encoding="utf-8")
    (folder / "main.jsx").write_text(main, encoding="utf-8")
    options = ["--bundle", "--format=esm", "--jsx=automatic", "--log-level=error", '--define:process.env.NODE_ENV="x"']
    alias = ["--alias:parley-web=/web/parley.js", "--external:/web/parley.js"]
    return tool("esbuild", folder / "main.jsx", *options, *alias, "--define:__VUE_OPTIONS_API__=false")


def test_a_plain_page(show: Show, stack: Stack) -> None:
    parts = {name.replace(".", "__"): example(name, stack) for name in EXAMPLES if name.startswith("messages.")}
    page = show("", **parts)

    page.goto(page.url.replace("/given/page.html", "/messages.html"))

    expect_conversation(page)
    assert page.locator("parley-chat").evaluate("chat => chat.clientHeight === innerHeight")


@pytest.mark.parametrize(("name", "program"), [("serve.py", sys.executable), ("serve.mjs", PYTHON / "node")])
def test_a_server_gives_tokens(stack: Stack, tmp_path: Path, name: str, program: str | Path) -> None:
    (tmp_path / name).write_text(EXAMPLES[name], encoding="utf-8")
    port = free_port()
    secret = (stack.state / "jwt_secret").read_text(encoding="ascii")
    host = str(WEB.parent / "host" / "src")
    variables = {**os.environ, "PORT": str(port), "PARLEY_SECRET": secret, "PYTHONPATH": host}
    with subprocess.Popen([program, name], cwd=tmp_path, env=variables, stderr=subprocess.DEVNULL) as server:
        try:
            token = asked_when_up(f"http://localhost:{port}/parley-token").json()["token"]
        finally:
            server.terminate()

    me = httpx.get(f"{stack.rest_url}/me", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S).json()
    assert (me["id"], me["name"]) == ("ann", "Ann Lee")


def asked_when_up(address: str) -> httpx.Response:
    """Returns the answer of a server that is starting."""
    ends_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            return httpx.get(address, timeout=PATIENCE_S)
        except httpx.ConnectError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.05)


def test_a_page_that_a_server_makes(show: Show, stack: Stack) -> None:
    page = show(example("inbox.html", stack), messages__css=EXAMPLES["messages.css"])

    expect_conversation(page)
    assert page.locator("parley-chat").evaluate("chat => chat.clientHeight === innerHeight")


def test_a_server_that_gives_no_token_is_named(show: Show, pages: Pages, stack: Stack, ada: Person) -> None:
    pages.allow("status of 40[134]|^error: Parley: signing in did not work")
    listening = """
      import "/web/parley.js"
      window.told = []
      addEventListener("parley-error", ({detail}) => told.push(detail.error.code))
    """
    page = show("<main><parley-chat></parley-chat></main>", listening)
    chat = page.locator("parley-chat")
    answers: dict[str, Any] = {"status": 404, "json": {"detail": "No such page."}}
    page.context.route("**/from-server*", lambda route: route.fulfill(**answers))
    connection = {"url": stack.rest_url, "socket-url": stack.websocket_url, "token-url": "/from-server?session=s3cret"}
    given = "(chat, given) => { for (const [name, value] of Object.entries(given)) chat.setAttribute(name, value) }"
    chat.evaluate(given, connection)

    expect(chat.get_by_text("Signing in did not work. Try again.")).to_be_visible()
    lines = [said for said in pages.complaints if "Parley:" in said]
    root = stack.rest_url.removesuffix("/v1")
    assert len(lines) == 1
    assert re.search(rf"{root}/from-server answered 404\.", lines[0])
    assert "s3cret" not in lines[0]
    assert page.evaluate("told") == ["no_token"]
    assert violations(page) == []

    answers.update(status=200, json={"token": ada.token})
    chat.get_by_role("button", name="Try again").tap()
    expect_conversation(page)

    answers.update(status=401)
    chat.evaluate("chat => chat.setAttribute('token-url', '/from-server?again')")
    expect(chat.get_by_text("You are signed out")).to_be_visible()

    # A page may quote what its server gave it; the console does not.
    page.evaluate(
        """async ([url, socketUrl, token]) => {
          const {configure} = await import("/web/parley.js");
          document.querySelector("parley-chat").replaceWith(document.createElement("parley-chat"));
          configure({url, socketUrl, token: () => { throw new Error(`no JSON: ${token}`) }});
        }""",
        [stack.rest_url, stack.websocket_url, ada.token],
    )
    expect(chat.get_by_text("Signing in did not work")).to_be_visible()
    assert page.evaluate("told") == ["no_token", "no_token"]
    assert [said for said in pages.complaints if ada.token[3:20] in said] == []
    assert any("no JSON: eyJ…" in said for said in pages.complaints)


def test_settings_with_a_worker_of_the_page(show: Show, stack: Stack) -> None:
    body = example("settings.html", stack)
    address = f'url="{stack.rest_url}" socket-url="{stack.websocket_url}" token-url="/parley-token"'
    page = show(body.replace("<parley-settings", f"<parley-settings {address}"), 'import "/web/parley.js"')

    expect(page.get_by_role("switch", name="Push to this browser")).to_be_enabled()
    assert page.locator("parley-settings-screen").get_attribute("worker") == "/parley-worker.js"


def test_react(show: Show, stack: Stack, tmp_path: Path) -> None:
    main = """
      import { createRoot } from "react-dom/client";
      import { Messages } from "./messages.jsx";
      const getToken = async () => (await (await fetch("/parley-token")).json()).token;
      const root = createRoot(document.querySelector("#app"));
      window.leave = () => root.unmount();
      root.render(<Messages getToken={getToken} onSelect={(id) => { window.selected = id; }} />);
    """
    page = show("<div id='app'></div>", bundle(tmp_path, main, "messages.jsx", example("messages.jsx", stack)))

    expect_conversation(page)
    page.locator("parley-chat").get_by_text(SAID).first.tap()
    page.wait_for_function("() => window.selected?.startsWith('d_')")
    page.evaluate("leave()")
    expect(page.locator("parley-chat")).to_have_count(0)


def test_vue(show: Show, stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "Messages.vue").write_text(example("Messages.vue", stack), encoding="utf-8")
    compiled = node("--input-type=module", "--eval", COMPILE_VUE, "--", tmp_path / "Messages.vue")
    main = """
      import { createApp, h } from "vue";
      import Messages from "./messages.js";
      const getToken = async () => (await (await fetch("/parley-token")).json()).token;
      const app = createApp({ render: () => h(Messages, { getToken, onSelect: (id) => { window.selected = id; } }) });
      window.leave = () => app.unmount();
      app.mount("#app");
    """
    script = bundle(tmp_path, main, "messages.js", compiled)
    page = show("<div id='app'></div>", script, policies=" vue")  # after `trusted-types parley`

    expect_conversation(page)
    page.locator("parley-chat").get_by_text(SAID).first.tap()
    page.wait_for_function("() => window.selected?.startsWith('d_')")
    page.evaluate("leave()")
    expect(page.locator("parley-chat")).to_have_count(0)


@pytest.mark.parametrize(
    "app", ["window.parley", "window.webkit = {messageHandlers: {}}; webkit.messageHandlers.parley"]
)
def test_the_webview_of_an_app(show: Show, stack: Stack, ada: Person, app: str) -> None:
    """The test plays the app: it hears what the page asks for, and calls the page's function with a token."""
    played = f"{app} = {{postMessage: () => setTimeout(() => window.parleyToken({json.dumps(ada.token)}))}};\n"
    page = show("<parley-chat></parley-chat>", played + example("app.js", stack))

    expect_conversation(page)


def test_calls_of_the_applications_own(show: Show, pages: Pages, stack: Stack) -> None:
    pages.allow("status of 40[34]")  # there is no such page here
    page = show(example("inbox.html", stack), example("dial.js", stack), messages__css=EXAMPLES["messages.css"])
    page.locator("parley-chat").get_by_text(SAID).first.tap()

    page.get_by_role("button", name="Videoanruf").tap()

    page.wait_for_url("**/meet/d_*?with=video")


def test_every_example_has_a_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert [name for name in EXAMPLES if name not in tests and f"{Path(name).stem}." not in tests] == []


def test_the_drawing_of_the_guide_is_taken_up(show: Show, stack: Stack, ada: Person) -> None:
    text = example("drawing.js", stack) + example("messages.js", stack)
    page = show('<parley-chat mode="integrated"></parley-chat>', text)
    expect_conversation(page)
    number = {"custom_type": "order", "metadata": {"number": 12}}
    conversation = ada.get("/conversations")["conversations"][0]["id"]
    ada.post(f"/conversations/{conversation}/messages", text="An order", **number)
    page.evaluate("id => document.querySelector('parley-chat').setAttribute('conversation', id)", conversation)
    expect(page.locator("parley-thread .text b")).to_have_text("Order 12")


def test_the_theme_of_the_guide_is_taken_up(show: Show, stack: Stack, ada: Person) -> None:
    page = show(
        '<link rel="stylesheet" href="/theme.css">'
        f'<parley-chat url="{stack.rest_url}" socket-url="{stack.websocket_url}" token-url="/parley-token">'
        "</parley-chat>",
        'import "/web/parley.js"',
        theme__css=example("theme.css", stack),
    )
    expect(page.locator("parley-inbox").get_by_text(SAID)).to_be_visible()

    button = page.get_by_role("button", name="New")
    expect(button).to_have_css("background-color", "rgb(11, 114, 133)")
    expect(button).to_have_css("font-family", "Inter, sans-serif")
    chip = page.get_by_role("button", name="All", exact=True)
    red, green, _ = map(float, re.findall(r"[\d.]+", chip.evaluate("one => getComputedStyle(one).backgroundColor"))[:3])
    assert red < green  # teal, not lilac
    assert page.locator("parley-chat .list").evaluate("list => getComputedStyle(list).borderInlineEndWidth") == "0px"


@pytest.mark.parametrize(("what", "source"), [("client", "client/client.js"), ("store", "store/store.js")])
def test_the_guide_names_what_a_program_calls(what: str, source: str) -> None:
    table = GUIDE.split(f"| of the {what} | |\n|---|---|\n")[1].split("\n\n")[0]
    names = {name for row in table.splitlines() for name in re.findall(r"`(\w+)(?:\([^`]*\))?`", row.split(" | ")[0])}
    code = (WEB / source).read_text(encoding="utf-8")
    public = {*re.findall(r"^  (?:async |get )*([a-z]\w*)(?=\(| = )", code, re.MULTILINE)} - {"constructor"}
    inherited = {"on"} if what == "client" else {"client"}

    assert names == public | inherited


def test_the_guide_names_the_fields_of_the_stores_state() -> None:
    table = GUIDE.split("#### The state of the store\n")[1].split("\n#### ")[0]
    fields = re.search(
        r"@typedef \{\{(version: number.*?)\}\} State", (WEB / "store" / "store.js").read_text(), re.DOTALL
    )
    assert fields

    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == re.findall(r"(\w+):", fields[1])


def test_the_guide_names_each_element_with_its_attributes_and_each_property() -> None:
    named = dict(re.findall(r"^\| `<(parley-[a-z-]+)>` \| [^|]+ \|(.*)\|$", GUIDE, re.MULTILINE))
    sources = [path.read_text(encoding="utf-8") for path in (WEB / "components").rglob("*.js")]
    theme = (WEB / "components" / "base" / "theme.js").read_text(encoding="utf-8")
    defined = {
        found[1]: re.findall(r'"([a-z-]+)"', attributes[1] if attributes else "")
        for source in sources
        for found in re.finditer(r'define\("(parley-[a-z-]+)"', source)
        for attributes in [re.search(r"static attributes = \[(.*?)\]", source)]
        if found[1] != "parley-emoji" and not found[1].endswith("-screen")  # parts of other elements
    }
    for element in ("parley-thread", "parley-composer"):  # they are defined in components/index.js
        folder = element.removeprefix("parley-")
        source = (WEB / "components" / folder / f"{folder}.js").read_text(encoding="utf-8")
        attributes = re.search(r"static attributes = \[(.*?)\]", source)
        assert attributes
        defined[element] = re.findall(r'"([a-z-]+)"', attributes[1])

    assert set(named) == set(defined)
    for element, names in defined.items():
        assert [one for one in names if f"`{one}`" not in named[element]] == [], element
    assert [one for one in sorted(set(re.findall(r"--parley-[a-z-]+[a-z]", theme))) if f"`{one}`" not in GUIDE] == []
