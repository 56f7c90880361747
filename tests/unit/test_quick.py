"""The tests that `make quick` runs for a change."""

import pytest

from tools import quick


def test_a_handler_brings_its_own_test() -> None:
    assert quick.functional_tests(["functions/rest/pin_message.py"]) == ["tests/functional/rest/test_pin_message.py"]


def test_a_module_brings_the_tests_of_the_operations_that_use_it() -> None:
    found = quick.functional_tests(["layers/shared/parley/actions/people/blocks.py"])

    assert {f"tests/functional/rest/test_{name}_user.py" for name in ("block", "unblock")} <= set(found)
    assert "tests/functional/rest/test_put_banned_words.py" not in found


def test_a_changed_test_comes_before_those_of_what_it_uses() -> None:
    paths = ["layers/shared/parley/actions/people/blocks.py", "tests/functional/test_frames.py"]

    assert quick.functional_tests(paths)[0] == "tests/functional/test_frames.py"


def test_a_scenario_brings_the_test_that_plays_it() -> None:
    assert quick.functional_tests(["tests/functional/kills/people.py"]) == ["tests/functional/test_kills.py"]


def test_a_document_brings_no_functional_test() -> None:
    assert quick.functional_tests(["README.md", "docs/openapi.json"]) == []


def test_a_change_of_the_hosts_package_brings_its_tests(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quick, "changed", lambda: ["host/src/parley_host/errors.py"])

    quick.main()

    assert "tests/host" in capsys.readouterr().out.splitlines()
