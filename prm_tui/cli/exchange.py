"""prm import, prm map, prm demo."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import actor, command, database, day, opened, plain, print_json, print_table, say, with_json
from prm_tui.cli.outcome import narrate, row_by_row

if TYPE_CHECKING:
    from prm_tui.domain.exchange import Choices
    from prm_tui.domain.mapping import SavedMap, SheetPlan


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(command(commands, "import", "Read workbooks and take what they bring, as one change.", _import))
    made.add_argument("files", nargs="+", metavar="FILE", help="A workbook or text file; several are one change.")
    made.add_argument("--map", metavar="M.toml", help="How columns are to be read (write one with: prm map).")
    made.add_argument(
        "--as",
        dest="forced",
        action="append",
        default=[],
        metavar="SHEET=WHAT",
        help="What a sheet is: partners, people, contacts, activity:KIND, record:KIND or skip.",
    )
    made.add_argument("--header", action="append", default=[], metavar="SHEET=ROW",
                      help="The row of a sheet's header, where another was found; 0: it has none.")  # fmt: skip
    made.add_argument("--mode", choices=("both", "create", "update"), default="both",
                      help="create: leave alone what is known; update: make nothing new (both).")  # fmt: skip
    made.add_argument("--ask", choices=("same", "new", "skip"),
                      help="What becomes of rows whose partner is uncertain: the likeliest one, a new one, left out.")  # fmt: skip
    made.add_argument("--complete-for", metavar="PERIOD", help="The sheet holds all of 2026, 2026-Q1, 2026-03 or D..D:"
                      " what it no longer holds is withdrawn.")  # fmt: skip
    made.add_argument("--covered-to", metavar="DATE", help="The day up to which the sheet holds everything.")
    made.add_argument("--currency", metavar="CODE", help="Of amounts whose sheet names none, for example EUR.")
    made.add_argument("--dates", action="append", default=[], metavar="[COLUMN=]ORDER",
                      help="How dates like 3/4/2026 are written: day-first, month-first, year-first, or swapped (day and"
                      " month of real dates exchanged by a spreadsheet).")  # fmt: skip
    sides = made.add_mutually_exclusive_group()
    sides.add_argument("--ours", action="store_true", help="Keep cells that were changed here, too.")
    sides.add_argument("--theirs", action="store_true", help="Take cells that were changed here, too.")
    made.add_argument("--dry-run", action="store_true", help="Say what would be taken; change nothing.")
    made.add_argument("--all-or-nothing", action="store_true", help="Take nothing when any row is refused.")
    made.add_argument("--errors", metavar="OUT.xlsx", help="Write the refused rows back, marked, to correct them.")
    made = with_json(command(commands, "export", "Write a list, one partner or everything to a spreadsheet.", _export))
    made.add_argument("what", metavar="WHAT", nargs="+", help="partners, partner CODE, contacts, activities, records, approvals, reasons"
                      " (of who is quiet) or everything; then the file: .xlsx, .csv or .json.")  # fmt: skip
    made.add_argument("--where", metavar="CONDITION", default="", help="Only partners that meet a condition.")
    made.add_argument("--to", metavar="NAME", help="Make it a sheet that NAME fills in and sends back.")
    made.add_argument("--due", metavar="DATE", help="Until when it is wanted back.")
    made = with_json(
        command(commands, "merge", "Take what was changed in a sheet that prm wrote, cell by cell.", _merge)
    )
    made.add_argument("files", nargs="+", metavar="RETURNED", help="The sheet that came back.")
    sides = made.add_mutually_exclusive_group()
    sides.add_argument("--ours", action="store_true", help="Of cells changed on both sides keep ours.")
    sides.add_argument("--theirs", action="store_true", help="Of cells changed on both sides take theirs.")
    made.add_argument("--dry-run", action="store_true", help="Say what would be taken; change nothing.")
    made.add_argument("--errors", metavar="OUT.xlsx", help="Write the refused rows back, marked, to correct them.")
    made = with_json(command(commands, "sheets", "List the sheets that were sent out: to whom, due, back.", _sheets))
    made.add_argument("--close", metavar="ID", help="Wait for a sheet no longer.")
    made = with_json(
        command(commands, "survey", "Read a whole folder and say what is in it; nothing is imported.", _survey)
    )
    made.add_argument("folder", metavar="FOLDER", help="The folder; those below it are read, too.")
    made.add_argument("out", nargs="?", metavar="OUT.xlsx", help="Write what was found to a workbook, too.")
    made = with_json(command(commands, "map", "Show how import would read each sheet and column, and why.", _map))
    made.add_argument("file", metavar="FILE", help="A workbook or text file.")
    made.add_argument("--save", metavar="M.toml", help="Write the mapping to a file, to change and use with import.")
    made = command(commands, "demo", "Build a demonstration file from bundled data and open it.", _demo)
    made.add_argument("--no-open", action="store_true", help="Print a summary instead of opening the interface.")


def _forced(parts: list[str]) -> dict[str, str]:
    from prm_tui.domain.errors import UsageError
    from prm_tui.domain.mapping import right_what

    found = {}
    for part in parts:
        sheet, equals, what = part.rpartition("=")
        if not equals or not right_what(what):
            raise UsageError(
                f"--as “{part}”: write SHEET=partners, people, contacts, activity:KIND, record:KIND or skip,"
                " for example “Sheet1=activity:order”"
            )
        found[sheet] = what
    return found


def _headers(parts: list[str]) -> dict[str, int]:
    from prm_tui.domain.errors import UsageError

    found = {}
    for part in parts:
        sheet, equals, row = part.rpartition("=")
        if not equals or not row.strip().isdecimal():
            raise UsageError(f"--header “{part}”: write SHEET=ROW, for example “Sheet1=5”, or 0 where there is none")
        found[sheet] = int(row)
    return found


def _dates(parts: list[str]) -> dict[str, str]:
    from prm_tui.domain.errors import UsageError
    from prm_tui.domain.mapping import ORDERS

    found = {}
    for part in parts:
        header, _, order = part.rpartition("=")
        if order not in ORDERS:
            raise UsageError(f"--dates “{part}”: write one of {', '.join(ORDERS)}, or COLUMN= and one of them")
        found[header] = order
    return found


def _choices(options: argparse.Namespace) -> Choices:
    from prm_tui.domain.errors import UsageError
    from prm_tui.domain.exchange import Choices
    from prm_tui.services.values import read_date, read_period

    currency = options.currency.strip().upper() if options.currency else None
    if currency is not None and not (len(currency) == 3 and currency.isalpha() and currency.isascii()):
        raise UsageError(f"--currency “{options.currency}”: write the three letters of a currency, for example EUR")
    return Choices(
        mode=options.mode,
        ask=options.ask,
        prefer="ours" if options.ours else "theirs" if options.theirs else None,
        currency=currency,
        complete_for=read_period(options.complete_for, "--complete-for") if options.complete_for else None,
        covered_to=read_date(options.covered_to, "--covered-to") if options.covered_to else None,
    )


def _maps(name: str | None) -> list[SavedMap]:
    if name is None:
        return []
    from prm_tui.domain.errors import InputError
    from prm_tui.domain.mapping import from_toml

    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: cannot be read ({error}). Write one with: prm map WORKBOOK --save M.toml") from None
    return from_toml(text, name)


def _import(options: argparse.Namespace) -> int:
    from prm_tui.domain.errors import DecisionNeeded
    from prm_tui.domain.exchange import ImportReport
    from prm_tui.services import automation, exchange, files

    forced, saved, choices = _forced(options.forced), _maps(options.map), _choices(options)
    exchange.place_for_refused(options.errors)
    paths = [Path(f) for f in options.files]
    headers, dates = _headers(options.header), _dates(options.dates)
    plain_import = not (
        headers or forced or saved or dates or choices.complete_for or choices.covered_to or choices.currency
    )
    how: dict[str, Any] = {
        "skip_known": plain_import,
        "forced": forced,
        "saved": saved,
        "headers": headers,
        "dates": dates,
        "on_progress": _progress(),
    }
    with ExitStack() as held:
        reading = None
        if not database(options).exists():  # an unreadable workbook must not leave a new, empty file behind
            reading = held.enter_context(exchange.read(None, paths, **how))
        store = held.enter_context(opened(options, create=True))
        place = files.unsafe_place(store.path)
        if place:
            say(f"warning: {place}")
        who = actor(options, store)
        if reading is None:
            reading = held.enter_context(exchange.read(store, paths, **how))
        try:
            if options.dry_run:
                report = exchange.preview(store, reading, choices)
            else:
                report = exchange.commit(
                    store,
                    reading,
                    choices,
                    actor=who,
                    as_of=day(options, store),
                    all_or_nothing=options.all_or_nothing,
                )
                if report.change is not None:
                    report.effects = automation.after(store, report.change, as_of=day(options, store))
        except DecisionNeeded as error:
            if options.json and isinstance(error, exchange.Uncertain):
                print_json(error.report.as_json())
            elif options.json:
                from prm_tui.domain.exchange import SheetReport

                sheets = [SheetReport(plan) for plan in reading.taken]
                print_json(ImportReport(sheets, reading.questions, dry_run=options.dry_run).as_json())
            raise
        if options.errors and report.refused():
            count = exchange.write_refused(reading, report, Path(options.errors))
            say(f"{count:,} refused rows: {options.errors}. Correct them there and import it again.")
        for plan in reading.plans:
            if plan not in reading.taken:
                say(f"{plan.sheet}: not taken ({plan.why})")
    if options.json:
        print_json(report.as_json())
    narrate(report, options.json)
    return 1 if report.refused() else 0


def _export(options: argparse.Namespace) -> int:
    from prm_tui.domain.errors import UsageError
    from prm_tui.services import export, partners
    from prm_tui.services.values import read_date

    what, *codes, out = options.what if len(options.what) > 1 else ("partners", *options.what)
    if what not in export.WHATS or bool(codes) != (what == "partner"):
        raise UsageError(
            "Say what to write and where to: prm export partners LIST.xlsx, prm export partner CODE FILE.xlsx;"
            f" what is one of {', '.join(export.WHATS)}"
        )
    with opened(options) as store:
        ids = [partners.resolve(store, code) for code in codes] or None
        if options.where:
            found = partners.find(store, condition=options.where, as_of=day(options, store))
            ids = [i for i in found.ids if ids is None or i in ids]
        elif what == "reasons":
            from prm_tui.services import reasons

            ids = reasons.asked(store, day(options, store))
        if options.to:
            due = read_date(options.due, "--due") if options.due else None
            written = export.send(store, what, Path(out), ids, recipient=options.to, due=due,
                                  actor=actor(options, store), as_of=day(options, store))  # fmt: skip
        elif options.due:
            raise UsageError("--due goes with --to NAME: until when NAME is to send it back")
        else:
            written = export.write(store, what, Path(out), ids, viewer=actor(options, store))
    for note in written.notes:
        say(note)
    say(f"{written.rows:,} rows: {out}")
    if options.json:
        print_json({"file": out, "what": what, "rows": written.rows, "notes": written.notes})
    return 0


def _merge(options: argparse.Namespace) -> int:
    from prm_tui.domain.exchange import Choices
    from prm_tui.services import exchange

    choices = Choices(prefer="ours" if options.ours else "theirs" if options.theirs else None)
    exchange.place_for_refused(options.errors)
    with opened(options) as store, exchange.read(store, [Path(f) for f in options.files]) as reading:
        exchange.only_ours(reading)
        if options.dry_run:
            report = exchange.preview(store, reading, choices)
        else:
            report = exchange.commit(store, reading, choices, actor=actor(options, store), as_of=day(options, store))
        if options.errors and report.refused():
            exchange.write_refused(reading, report, Path(options.errors))
    if options.json:
        print_json(report.as_json())
    narrate(report, options.json)
    row_by_row(report)
    return 1 if report.refused() else 0


def _sheets(options: argparse.Namespace) -> int:
    from prm_tui.services import export

    with opened(options) as store:
        today = day(options, store)
        if options.close:
            change = export.close(store, options.close, actor=actor(options, store), as_of=today)
            say(f"Change {change}.")
        found = export.sent(store)
    if options.json:
        print_json([{**vars(sheet), "overdue": sheet.overdue(today)} for sheet in found])
        return 0
    rows = [
        (s.uid, s.what, s.recipient, s.sent_on, s.due_on, "overdue" if s.overdue(today) else s.state, s.rows, s.file)
        for s in found
    ]
    print_table(("Id", "What", "To", "Sent", "Due", "State", "Rows", "File"), rows)
    return 0


def _survey(options: argparse.Namespace) -> int:
    from prm_tui.services import survey

    heard = (lambda name: say(f"reading {name}")) if sys.stderr.isatty() else None
    found = survey.look(Path(options.folder), on_file=heard)
    if options.out:
        survey.write(found, Path(options.out))
        say(f"Written: {options.out}")
    if options.json:
        print_json(found)
    else:
        print("\n".join(plain(line) for line in found.sentences()))
    return 1 if found.of("unreadable") else 0


def _progress() -> Any:
    if not sys.stderr.isatty():
        return None
    return lambda rows: print(f"\rreading row {rows:,}", end="", file=sys.stderr, flush=True)


def _map(options: argparse.Namespace) -> int:
    from prm_tui.domain.mapping import SavedMap, to_toml
    from prm_tui.services import exchange, packs

    with ExitStack() as held:
        store = held.enter_context(opened(options)) if database(options).exists() else None
        reading = held.enter_context(exchange.read(store, [Path(options.file)]))
        if options.save:
            packs.write_file(Path(options.save), to_toml([SavedMap.of(p) for p in reading.taken]))
            say(f"Written: {options.save}. Use it with: prm import {options.file} --map {options.save}")
        if options.json:
            print_json(
                [_plan(plan, [q.text for q in reading.questions if q.sheet == plan.sheet]) for plan in reading.plans]
            )
            return 0
        for plan in reading.plans:
            print(plain(f"{plan.sheet}: {plan.what}, {plan.rows:,} rows ({plan.why})"))
            for column in plan.columns:
                print(plain(f"  {column.header} → {column.target}  ({column.type}; {column.reason})"))
            for note in plan.notes:
                print(plain(f"  note: {note}"))
        for question in reading.questions:
            print(plain(f"? {question.sheet}: {question.text}"))
    return 0


def _plan(plan: SheetPlan, questions: list[str]) -> dict[str, Any]:
    return {
        "file": plan.file,
        "sheet": plan.sheet,
        "visible": plan.visible,
        "as": plan.what,
        "header_row": plan.header_row,
        "data_rows": plan.rows,
        "columns": [
            {"header": c.header, "to": c.target, "why": c.reason, "type": c.type, "sample": c.example}
            for c in plan.columns
        ],
        "questions": questions,
    }


def _demo(options: argparse.Namespace) -> int:
    from prm_tui import paths
    from prm_tui.cli.common import as_of
    from prm_tui.services import demo, files

    path = database(options) if hasattr(options, "db") else paths.demonstration()
    if path.exists() and hasattr(options, "db"):
        with files.open_file(path) as store:
            if not store.demonstration:
                from prm_tui.domain.errors import UsageError

                raise UsageError(f"{path}: this is your own file, not a demonstration. Name another with --db.")
    demo.ready(path)
    if options.no_open or not (sys.stdin.isatty() and sys.stdout.isatty()):
        with files.open_file(path) as store:
            print("\n".join(demo.summary(store, as_of(options)).sentences()))
            print(demo.standing(store))
            print("\n".join(demo.comparison(store)))
        say(f"The demonstration file: {path}")
        return 0
    from prm_tui.cli.common import interface

    return interface(path, options)
