"""The progress of a command on stderr."""

import io

from parley_host.moving.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_changes() -> None:
    out, clock = Terminal(), iter([0.0, 0.1, 1.0, 1.0, 1.0, 2.0])
    progress = Progress("storing", 200, out=out, now=lambda: next(clock))

    progress.add(50)  # too early to be said
    progress.add(50)
    progress.end()

    first, last = out.getvalue().split("\r")[1:]
    assert first == "storing [###############               ]  50% 100 of 200, 100 a second"
    assert last.endswith("\n")


def test_a_file_has_a_line_now_and_then() -> None:
    out, seconds = io.StringIO(), [0.0]
    progress = Progress("reading", 100, out=out, now=lambda: seconds[0])

    for second in range(1, 26):
        seconds[0] = float(second)
        progress.at(second * 4)
    progress.end()

    assert [line.split("]")[1].split(" of")[0].strip() for line in out.getvalue().splitlines()] == [
        "40% 40",
        "80% 80",
        "100% 100",
    ]


def test_without_a_known_whole_it_counts() -> None:
    out, clock = io.StringIO(), iter([0.0, 1.0, 2.0])
    progress = Progress("conversations", 0, out=out, now=lambda: next(clock))

    progress.add(8)
    progress.end()

    assert out.getvalue() == "conversations 8, 4 a second\n"
