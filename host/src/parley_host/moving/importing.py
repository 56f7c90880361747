"""`parley-import`: the command that reads files of an old system, reports on them, and moves them into Parley."""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from parley_host.client import Parley
from parley_host.moving import checks, files, loading, mapping, reading, reports, runs, systems, verifying
from parley_host.moving.databases import source
from parley_host.moving.databases.source import Database
from parley_host.moving.mapping import TableMapping
from parley_host.moving.problems import Stop, Wrong
from parley_host.moving.rows import ENDINGS
from parley_host.moving.staging import Staging
from parley_host.moving.values import time_ms
from parley_host.retries import Retries
from parley_host.tokens import Signer

PATIENT = Retries(tries=12, longest_s=10, patience_s=180)
DONE, HAS_PROBLEMS, INTERRUPTED = 0, 1, 130


def parser() -> argparse.ArgumentParser:
    """Returns the options of the command."""
    made = argparse.ArgumentParser(prog="parley-import", description="Moves the data of an old system into Parley.")
    made.add_argument("files", nargs="*", metavar="FILE", help="files or databases; none to continue a run")
    made.add_argument("--run", type=Path, metavar="FOLDER", help="the folder of the run")
    made.add_argument("--dry-run", action="store_true", help="read, check and report; ask Parley nothing")
    made.add_argument(
        "--from", dest="mapping", metavar="MAPPING", help="tables of an old system: b, e, or a mapping file"
    )
    made.add_argument("--print-mapping", choices=sorted(systems.KNOWN), help="print a known mapping, to change it")
    made.add_argument(
        "--files", dest="files_in", type=Path, metavar="FOLDER", help="look up the files of messages here"
    )
    made.add_argument("--read-until", metavar="TIME", help="all older messages are read if no marker says otherwise")
    made.add_argument("--verify", action="store_true", help="compare what is in Parley with the run's records")
    made.add_argument("--undo", action="store_true", help="remove what the run made and nobody has used since")
    made.add_argument("--people-are-there", action="store_true", help="put no users: Parley has them already")
    made.add_argument("--url", default=os.environ.get("PARLEY_URL"), help="Parley's address (PARLEY_URL)")
    made.add_argument("--strict", action="store_true", help="store no conversation before all of its files have come")
    made.add_argument("--workers", type=int, default=loading.WORKERS, help="conversations that are stored side by side")
    made.add_argument("--leave-out", action="store_true", help="leave out what has an error, and import the rest")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0, 1 for problems in the data, 130 after Ctrl-C."""
    asked = parser().parse_args(arguments)
    try:
        return _run(asked)
    except Stop as stop:
        print(f"parley-import: {stop}", file=sys.stderr)
        return HAS_PROBLEMS
    except KeyboardInterrupt:
        print("parley-import: interrupted. The same command continues.", file=sys.stderr)
        return INTERRUPTED


def _run(asked: argparse.Namespace) -> int:
    if asked.print_mapping:
        print(json.dumps(systems.KNOWN[asked.print_mapping], indent=2))
        return DONE
    if asked.run is None:
        raise Stop("name the folder of the run with --run.")
    if asked.verify or asked.undo:
        runs.find(asked.run)
    else:
        runs.make(asked.run)
    with runs.held(asked.run):
        return _undo(asked) if asked.undo else _verify(asked) if asked.verify else _import(asked)


def _import(asked: argparse.Namespace) -> int:
    """Reads and checks the sources, and stores the records unless it is a dry run."""
    run = runs.begin(asked.run, options(asked))
    os.environ["SQLITE_TMPDIR"] = str(run.folder)  # /tmp may be memory, and what SQLite sorts is as large as the data
    staging = run.staging()
    try:
        report = staged(run, staging, databases(asked.files))
        print("\n".join(reports.text(staging, report, run.file(runs.PROBLEMS))))
        if report.errors and not run.options.leave_out:
            print(f"\n{report.errors:,} errors. Correct them, or leave them out with --leave-out.")
            return HAS_PROBLEMS
        return DONE if asked.dry_run else _load(asked, run, staging)
    finally:
        staging.close()


def _load(asked: argparse.Namespace, run: runs.Run, staging: Staging) -> int:
    """Stores the records, and says which of them Parley refused."""
    with client(asked) as parley:
        loader = loading.Loader(run, staging, parley, asked.workers, strict=asked.strict)
        refused = loader.load(puts_users=not asked.people_are_there)
    with run.file(runs.IDS).open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in loading.new_ids(staging))
    report = reports.made(staging)
    reports.write(staging, report, run.file(runs.REPORT), run.file(runs.PROBLEMS))
    if missing := int(staging.one(files.MISSING)):
        print(f"\n{missing:,} files did not come with their messages; {run.file(runs.PROBLEMS)} names all of them.")
        print("\n".join(reports.missing_files(staging)))
    if refused:
        print("\n".join(reports.refusals(staging)))
        print("\n".join(reports.left_open(staging)))
        return HAS_PROBLEMS
    print(f"\nAll of it is in Parley. The run is {run.id}.")
    return DONE


def _verify(asked: argparse.Namespace) -> int:
    """Compares a run with Parley, and prints each difference."""
    staging = runs.find(asked.run).staging()
    try:
        verifying.check_loaded(staging)
        with client(asked) as parley:
            count = 0
            for sentence in verifying.differences(staging, parley):
                print(sentence)
                count += 1
        if missing := int(staging.one(files.MISSING)):
            print(f"{missing:,} files did not come with their messages.")
        print(f"{count:,} differences." if count else "Parley has what the source has.")
        return HAS_PROBLEMS if count else DONE
    finally:
        staging.close()


def _undo(asked: argparse.Namespace) -> int:
    """Takes a run back, and prints what stays."""
    run = runs.find(asked.run)
    staging = run.staging()
    try:
        verifying.check_loaded(staging)
        with client(asked) as parley:
            stay = loading.Loader(run, staging, parley, asked.workers).undo()
        print("\n".join(reports.refusals(staging)) if stay else "The conversations of the run are removed.")
        return HAS_PROBLEMS if stay else DONE
    finally:
        staging.close()


def client(asked: argparse.Namespace) -> Parley:
    """Returns a client that is patient; raises Stop without an address or the secret."""
    secret = os.environ.get("PARLEY_SECRET")
    if not asked.url or not secret:
        raise Stop("set PARLEY_URL and PARLEY_SECRET: the outputs RestUrl and JwtSecretArn of the stack.")
    try:
        signer = Signer(secret)
    except ValueError as error:
        raise Stop(f"PARLEY_SECRET: {error}") from None
    return Parley(asked.url, signer, timeout_s=30, retries=PATIENT)


def databases(given: Sequence[str]) -> Mapping[str, Database]:
    """Returns the databases among the sources by their names, which have no passwords. Raises Stop."""
    found = [source.database(each) for each in given if source.is_address(each)]
    return {each.name: each for each in found}


def staged(run: runs.Run, staging: Staging, named: Mapping[str, Database]) -> reports.Report:
    """Reads and checks the sources of a run, as far as it is not done yet; returns the report.

    `named` are the databases of this command; of others the password is not known.
    """
    if not run.options.files:
        raise Stop("Name the files of the run.")
    until_ms = read_until_ms(run.options.read_until)
    now_ms = time.time_ns() // 1_000_000
    if staging.get("phase") is None:
        files_in = Path(run.options.files_in) if run.options.files_in else None
        reader = reading.Reader(staging, now_ms, table_mapping(run.options.mapping), files_in)
        known = {**databases(run.options.files), **named}
        reader.read([known.get(name) or Path(name) for name in run.options.files])
    if staging.get("phase") == "read":
        checks.check(staging, leaves_out=run.options.leave_out, read_until_ms=until_ms, now_ms=now_ms)
    report = reports.made(staging)
    reports.write(staging, report, run.file(runs.REPORT), run.file(runs.PROBLEMS))
    return report


def options(asked: argparse.Namespace) -> runs.Options:
    """Returns what the command says about the data; a folder stands for the dumps in it. Raises Stop."""
    found: list[Path | str] = [*databases(asked.files)]
    for path in (Path(name).resolve() for name in asked.files if not source.is_address(name)):
        is_dumps = path.is_dir() and asked.mapping is not None
        found += sorted(each for each in path.iterdir() if each.suffix in ENDINGS) if is_dumps else [path]
    named = asked.mapping
    if named is not None and named not in systems.KNOWN:
        named = str(Path(named).resolve())
    table_mapping(named)
    digest = sha256(Path(named).read_bytes()).hexdigest() if named and named not in systems.KNOWN else None
    files_in = str(asked.files_in.resolve()) if asked.files_in else None
    return runs.Options([*map(str, found)], asked.read_until, asked.leave_out, named, digest, files_in)


def table_mapping(named: str | None) -> TableMapping | None:
    """Returns a mapping by the name of a known system or the path of a file; None without one. Raises Stop."""
    if named is None:
        return None
    return TableMapping(systems.KNOWN[named]) if named in systems.KNOWN else mapping.read(Path(named))


def read_until_ms(given: str | None) -> int | None:
    """Returns the time of --read-until, a day's end in UTC for a day; raises Stop."""
    if given is None:
        return None
    try:
        return time_ms(given if len(given) > len("2026-11-21") else f"{given}T23:59:59.999Z")
    except Wrong as wrong:
        raise Stop(f"--read-until: {wrong.detail}") from None


if __name__ == "__main__":
    sys.exit(main())
