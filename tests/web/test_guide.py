"""The examples of docs/guides/web.md as they stand there, in a browser and against a stack."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.stack import PATIENCE_S, Person, Stack
from tests.web.browser import PHONE, Pages
from tests.web.tools import WEB, node, tool

GUIDE = (WEB.parent / "docs" / "guides" / "web.md").read_text(encoding="utf-8")
SAID = "Have you seen the example?"
# Each example begins with its name, in a comment.
EXAMPLES: dict[str, str] = dict(
    re.findall(r"^```\w+\n(?:<!-- |/\* |// )(\S+)[^\n]*\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
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


def test_a_page_that_a_server_makes(show: Show, stack: Stack) -> None:
    page = show(example("inbox.html", stack))

    expect_conversation(page)


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


def test_every_example_has_a_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert [name for name in EXAMPLES if name not in tests and f"{Path(name).stem}." not in tests] == []


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


def test_the_guide_names_each_element_with_its_attributes_and_each_property() -> None:
    named = dict(re.findall(r"^\| `<(parley-[a-z-]+)>` \| [^|]+ \|(.*)\|$", GUIDE, re.MULTILINE))
    sources = [path.read_text(encoding="utf-8") for path in (WEB / "components").rglob("*.js")]
    theme = (WEB / "components" / "base" / "theme.js").read_text(encoding="utf-8")
    defined = {
        found[1]: re.findall(r'"([a-z-]+)"', attributes[1] if attributes else "")
        for source in sources
        for found in re.finditer(r'define\("(parley-[a-z-]+)"', source)
        for attributes in [re.search(r"static attributes = \[(.*?)\]", source)]
        if found[1] not in ("parley-emoji", "parley-desk-screen")  # parts of the composer and of the desk
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
