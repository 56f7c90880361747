"""The files of the web client on the REST port: which, with what headers, and nothing else of this machine."""

import json
import re
from pathlib import Path

import pytest

from local.hosts import Hosts
from local.rest import Response
from local.web import BESIDE, FOLDERS, SECURITY_HEADERS, Site

ROOT = Path(__file__).parents[2]
STORE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like web/, and a secret beside it."""
    web = tmp_path / "web"
    (tmp_path / "secret.json").write_text("{}")
    for name in ("demo/index.html", "demo/demo.css", "client/index.js", "client/.hidden.js", "client/wire.d.ts"):
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(f"/* {name} */")
    for name in ("parley.js", "package.json", "tools/wire.js", "node_modules/any.js", "client/notes.md"):
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text("x")
    (web / "client/out.json").symlink_to(tmp_path / "secret.json")
    return web


def site(folder: Path, hosts: Hosts | None = None, **environment: str) -> Site:
    return Site(folder, hosts or Hosts(), 3001, environment or STORE)


def header(answer: Response, name: str) -> str:
    return dict(answer.headers)[name]


def get(folder: Path, path: str, **headers: str) -> Response:
    return site(folder).answer("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("path", "file", "content_type"),
    [
        ("/", "demo/index.html", "text/html; charset=utf-8"),
        ("/web/demo/demo.css", "demo/demo.css", "text/css; charset=utf-8"),
        ("/web/client/index.js", "client/index.js", "text/javascript; charset=utf-8"),
    ],
)
def test_a_file_has_its_type_and_the_rules_of_the_page(folder: Path, path: str, file: str, content_type: str) -> None:
    answer = get(folder, path)

    assert (answer.status, answer.body) == (200, (folder / file).read_bytes())
    assert header(answer, "Content-Type") == content_type
    assert header(answer, "Cache-Control") == "no-cache"
    assert "require-trusted-types-for 'script'" in header(answer, "Content-Security-Policy")
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize(
    "path",
    [
        "/web/",
        "/web/demo",
        "/web/demo/",
        "/web/client/none.js",
        "/web/client/.hidden.js",
        "/web/client/notes.md",
        "/web/client/wire.d.ts",
        "/web/client/out.json",
        "/web/package.json",
        "/web/tools/wire.js",
        "/web/node_modules/any.js",
        "/web/../secret.json",
        "/web/client/../../secret.json",
        "/web/client/../../web/parley.js",
        "/web//parley.js",
        "/web//etc/passwd",
        "/web/client\\index.js",
        "/web/client/index.js\0.js",
        "/web/client/index.js\n",
        "/web/client/" + "a" * 300 + ".js",
        "/web/" + "client/" * 2000 + "index.js",
    ],
)
def test_nothing_else_is_served(folder: Path, path: str) -> None:
    answer = get(folder, path)

    assert answer.status == 404
    assert header(answer, "X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_files_are_only_read(folder: Path, method: str) -> None:
    answer = site(folder).answer(method, "/web/parley.js", {})

    assert (answer.status, header(answer, "Allow")) == (405, "GET, HEAD")


def test_a_file_that_the_browser_has_is_not_sent_again_until_it_changes(folder: Path) -> None:
    served, path = site(folder), "/web/client/index.js"
    tag = header(served.answer("GET", path, {}), "ETag")

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = served.answer("GET", path, {"if-none-match": known})
        assert (again.status, again.body, header(again, "ETag")) == (304, b"", tag)
    assert served.answer("GET", path, {"if-none-match": '"other"'}).status == 200

    (folder / "client/index.js").write_text("another content")
    changed = served.answer("GET", path, {"if-none-match": tag})
    assert (changed.status, changed.body) == (200, b"another content")


def test_a_page_names_all_modules_that_it_starts_with() -> None:
    served = site(ROOT / "web")
    links = header(served.answer("GET", "/web/demo/pane.html", {}), "Link")
    named = re.findall(r'</web/([^>]+)>; rel="modulepreload"', links)

    assert named[:2] == ["parley.js", "demo/pane.js"]
    assert {"demo/frames.js", "client/index.js", "components/chat/chat.js", "components/base/element.js"} <= set(named)
    assert len(named) == len(set(named))
    assert not any(path.startswith(("languages/", "emoji/")) and path != "languages/en.js" for path in named)
    assert "Link" not in dict(served.answer("GET", "/web/parley.js", {}).headers)


def test_modules_that_import_each_other_or_what_is_not_there_are_named_once(folder: Path) -> None:
    (folder / "demo/index.html").write_text('<script type="module" src="/web/demo/a.js"></script>')
    (folder / "demo/a.js").write_text(
        'import { b } from "./b.js";\nimport "../../secret.js";\nexport * from "./none.js";'
    )
    (folder / "demo/b.js").write_text('import {\n  a,\n} from "./a.js";\nconst later = import("./later.js");')
    (folder / "demo/later.js").write_text("")

    assert header(get(folder, "/"), "Link") == (
        '</web/demo/a.js>; rel="modulepreload", </web/demo/b.js>; rel="modulepreload"'
    )


def test_pages_of_this_machines_other_ports_may_load_the_modules_and_others_may_not(folder: Path) -> None:
    ours = get(folder, "/web/parley.js", origin="http://localhost:5173")
    foreign = get(folder, "/web/parley.js", origin="https://elsewhere.example")

    assert header(ours, "Access-Control-Allow-Origin") == "http://localhost:5173"
    assert "Access-Control-Allow-Origin" not in dict(foreign.headers)
    assert header(foreign, "Vary") == "Origin"


@pytest.mark.parametrize(
    ("method", "path", "is_page"),
    [
        ("GET", "/", True),
        ("HEAD", "/", True),
        ("POST", "/", False),
        ("GET", "/web/parley.js", True),
        ("POST", "/web/parley.js", True),
        ("GET", "/web", False),
        ("GET", "/v1/me", False),
        ("GET", "/webs/parley.js", False),
        ("GET", "/index.html", False),
    ],
)
def test_everything_else_is_the_apis(folder: Path, method: str, path: str, is_page: bool) -> None:
    assert site(folder).has(method, path) is is_page


def test_the_policy_names_the_socket_and_the_store_by_each_name_of_this_machine(folder: Path) -> None:
    said = header(site(folder, Hosts("laptop.test")).answer("GET", "/", {}), "Content-Security-Policy")
    rules = {rule.split()[0]: rule.split()[1:] for rule in said.split("; ")}

    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["style-src"] == rules["frame-ancestors"] == ["'self'"]
    assert rules["connect-src"] == [
        "'self'",
        "ws://127.0.0.1:3001",
        "ws://laptop.test:3001",
        "ws://localhost:3001",
        "http://127.0.0.1:4566",
    ]
    assert rules["img-src"] == rules["media-src"] == ["'self'", "blob:", "data:", "http://127.0.0.1:4566"]
    assert "unsafe" not in said


def test_attachments_in_a_real_bucket_are_allowed_too(folder: Path) -> None:
    own = site(folder, None, AWS_ENDPOINT_URL_S3="https://s3.example/x", AWS_ENDPOINT_URL="http://127.0.0.1:4566")
    real = site(folder, None, AWS_REGION="eu-central-1")

    assert "blob: data: https://s3.example;" in header(own.answer("GET", "/", {}), "Content-Security-Policy")
    assert "blob: data: https://*.amazonaws.com;" in header(real.answer("GET", "/", {}), "Content-Security-Policy")


def test_what_is_served_is_the_package_and_the_demo() -> None:
    files = set(json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))["files"])

    assert files - {"types"} == (FOLDERS - {"demo"}) | BESIDE
