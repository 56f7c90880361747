"""The order of imports, read from the source: the package's four folders, and the functions above them."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "shared" / "parley"
MEDIA = ROOT / "layers" / "media" / "parley_media"
DECODERS = {"av", "PIL", "pillow_heif", "pypdfium2", "filetype", "thumbhash"}
# Each folder may import itself and those after it.
FOLDERS = ("triggers", "actions", "adapters", "domain")
# The areas of each layer from the bottom up: an area imports itself and those before it. "" is the layer's own folder.
AREAS = {
    "triggers": ("",),
    "actions": (
        "",
        "live",
        "people",
        "conversations",
        "attachments",
        "messages",
        "moderation",
        "exports",
        "account",
        "support",
        "articles",
        "webhooks",
        "figures",
        "notifications",
        "erasure",
        "moving",
    ),
    "adapters": (
        "",
        "dynamodb",
        "outbound",
        "attachments",
        "moderation",
        "people",
        "support",
        "articles",
        "conversations",
        "live",
        "webhooks",
        "exports",
        "figures",
        "notifications",
        "erasure",
        "moving",
    ),
    "domain": (
        "",
        "api",
        "outbound",
        "text",
        "attachments",
        "previews",
        "conversations",
        "live",
        "people",
        "moderation",
        "webhooks",
        "support",
        "articles",
        "figures",
        "notifications",
        "exports",
        "erasure",
        "moving",
    ),
}
CLOCKS_AND_DICE = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "uuid1", "uuid4", "urandom"}
OUTSIDE_WORLD = {
    "asyncio",
    "http",
    "io",
    "logging",
    "os",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
}


def sources(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """Yields the dotted name of everything that a file imports, wherever in the file; relative imports are refused."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(path)}:{node.lineno} imports by a relative name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def folder_of(dotted: str) -> str | None:
    """Returns which of the package's folders an import reaches into, if any."""
    parts = dotted.split(".")
    return parts[1] if parts[0] == "parley" and len(parts) > 1 else None


def third_party(path: Path) -> set[str]:
    roots = {dotted.partition(".")[0] for dotted in imports(path)}
    return roots - sys.stdlib_module_names - {"parley"}


def catches_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(caught & {"Exception", "BaseException"})


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_itself_and_those_below(folder: str) -> None:
    allowed = FOLDERS[FOLDERS.index(folder) :]

    upward = [
        f"{named(path)} imports {dotted}"
        for path in sources(PACKAGE / folder)
        for dotted in imports(path)
        if folder_of(dotted) not in (None, *allowed)
    ]

    assert sources(PACKAGE / folder) and upward == []


def area_of(layer: str, dotted: str) -> str | None:
    """Returns the area of a layer that an import reaches into; "" for the layer's own folder."""
    parts = dotted.split(".")
    if parts[:2] != ["parley", layer]:
        return None
    return parts[2] if len(parts) > 2 and (PACKAGE / layer / parts[2]).is_dir() else ""


@pytest.mark.parametrize("layer", FOLDERS)
def test_an_area_imports_only_itself_and_those_below(layer: str) -> None:
    areas, upward = AREAS[layer], []
    for path in sources(PACKAGE / layer):
        own = area_of(layer, ".".join(("parley", *path.relative_to(PACKAGE).parts)))
        for dotted in imports(path):
            area = area_of(layer, dotted)
            if area is not None and areas.index(area) > areas.index(own or ""):
                upward.append(f"{named(path)} imports {dotted}")

    folders = {path.name for path in (PACKAGE / layer).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(areas) == {"", *folders}
    assert upward == []


def modules(layer: str) -> dict[str, set[str]]:
    """Returns the modules of a layer by dotted name, each with those of the same layer that it imports."""
    found = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in sources(PACKAGE / layer)
    }
    return {
        name: {known for dotted in imports(path) for known in (dotted, dotted.rpartition(".")[0]) if known in found}
        for name, path in found.items()
    }


@pytest.mark.parametrize("layer", FOLDERS)
def test_no_module_imports_itself_by_way_of_others(layer: str) -> None:
    try:
        TopologicalSorter(modules(layer)).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(error.args[1])}")


def test_the_package_holds_no_other_code() -> None:
    folders = {path.relative_to(PACKAGE).parts[0] for path in sources(PACKAGE)}

    assert folders == {"__init__.py", *FOLDERS}


@pytest.mark.parametrize("path", sources(PACKAGE / "domain"), ids=named)
def test_the_domain_knows_no_aws_no_clock_and_no_dice(path: Path) -> None:
    roots = {dotted.partition(".")[0] for dotted in imports(path)}
    called = {
        node.func.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }

    assert roots & OUTSIDE_WORLD == set()
    assert called & CLOCKS_AND_DICE == set()
    assert third_party(path) <= {"msgspec"}


@pytest.mark.parametrize("path", sources(ROOT / "functions"), ids=named)
def test_a_function_reaches_the_world_through_triggers_and_actions(path: Path) -> None:
    reached = {folder_of(dotted) for dotted in imports(path)} - {None}

    assert reached <= {"triggers", "actions", "domain"}
    assert third_party(path) == set()


def reached_from(*modules: str) -> set[Path]:
    """Returns these modules of the layer of decoders, and all others of it that they import in the end."""
    reached: set[Path] = set()
    left = {MEDIA / f"{module}.py" for module in modules}
    while left:
        reached |= left
        dotted = {dotted for path in left for dotted in imports(path) if dotted.startswith("parley_media.")}
        left = {MEDIA / f"{each.split('.')[1]}.py" for each in dotted} - reached
    return reached


def test_the_examiner_of_files_knows_no_aws_and_nothing_of_parley_but_its_types() -> None:
    """Bytes in, a result out: it may be tried on any file, as often as one likes."""
    imported = {dotted for path in reached_from("examine") for dotted in imports(path)}
    of_parley = {dotted for dotted in imported if dotted.split(".")[0] == "parley"}
    roots = {dotted.partition(".")[0] for dotted in imported}

    assert roots - sys.stdlib_module_names == {"parley", "parley_media", "msgspec", *DECODERS}
    assert roots & OUTSIDE_WORLD <= {"io", "threading"}
    assert of_parley and all(dotted.startswith("parley.domain.attachments.") for dotted in of_parley)


def test_what_starts_the_process_of_an_examination_knows_no_decoder_and_nothing_of_parley() -> None:
    """A file is decoded in that process and nowhere else (D-444)."""
    around = reached_from("contained", "worker") - reached_from("examine")
    roots = {dotted.partition(".")[0] for path in around for dotted in imports(path)}

    assert roots - sys.stdlib_module_names == {"parley_media", "msgspec"}
    assert MEDIA / "examine.py" not in reached_from("contained")
    assert set(sources(MEDIA)) - {MEDIA / "__init__.py"} == around | reached_from("examine")


def test_only_the_door_of_the_examiner_catches_everything() -> None:
    catching = {
        path.name
        for path in sources(MEDIA)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    }

    assert catching == {"examine.py"}


def test_only_triggers_catch_everything() -> None:
    caught = [
        f"{named(path)}:{node.lineno}"
        for path in sources(PACKAGE, ROOT / "functions")
        if PACKAGE / "triggers" not in path.parents
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ]

    assert caught == []


def test_nothing_of_ours_is_mocked() -> None:
    mocked = [
        f"{named(path)} imports {dotted}"
        for path in sources(PACKAGE, MEDIA, ROOT / "functions", ROOT / "local", ROOT / "tests")
        for dotted in imports(path)
        if dotted.split(".")[0] == "mock" or dotted.startswith("unittest.mock")
    ]

    assert mocked == []
