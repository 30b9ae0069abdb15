"""prm triggers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prm_tui.cli.backtest import add_span, measure
from prm_tui.cli.common import actor, command, day, opened, plain_lines, print_json, print_table, say, with_json
from prm_tui.cli.packs import told, written
from prm_tui.domain.errors import UsageError

if TYPE_CHECKING:
    from prm_tui.domain.fault import Fault
    from prm_tui.domain.run import Run

FIRSTS = ("from-now", "note", "act")


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(
            commands,
            "triggers",
            "List triggers, show, add, check or export them, switch, rehearse or backtest one, start it by hand, ask why.",
            _triggers,
        )
    )
    made.add_argument("act", nargs="?", choices=_ACTS, default="list", help="What to do.")
    made.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="The trigger; add, check and rehearse take a TOML file, export also OUT.toml.",
    )
    made.add_argument(
        "--first",
        choices=FIRSTS,
        metavar="WHAT",
        help=f"on: what happens to those that match already: {', '.join(FIRSTS)}.",
    )
    add_span(made.add_argument_group("backtest"))


def _triggers(options: argparse.Namespace) -> int:
    wanted = {"list": "", "export": "[NAME…] [OUT.toml]", "rehearse": "[NAME…]", "add": "FILE.toml",
              "check": "FILE.toml", "start": "NAME CODE [RECORD]", "why": "NAME CODE [RECORD]"}.get(options.act, "NAME")  # fmt: skip
    count = len(options.names)
    allowed = (2, 3) if options.act in ("start", "why") else (1,) if wanted else (0,)
    if options.act not in ("export", "rehearse") and count not in allowed:
        raise UsageError(f"It is written: prm triggers {options.act} {wanted}".rstrip())
    if options.first is not None and options.act != "on":
        raise UsageError("--first belongs to: prm triggers on NAME")
    return _ACTS[options.act](options)


def _list(options: argparse.Namespace) -> int:
    from prm_tui.services import triggers

    with opened(options) as store:
        found = triggers.listed(store, day(options, store))
    if options.json:
        print_json(
            [{"name": t.name, "title": t.title, "on": t.on, "version": t.version, "hits_7d": t.hits_7d} for t in found]
        )
        return 0
    rows = [(t.name, t.title, "on" if t.on else "off", t.version, t.hits_7d, t.pack) for t in found]
    print_table(
        ("Name", "Title", "State", "Version", "Hits, 7 days", "Pack"), rows, (False, False, False, True, True, False)
    )
    if not found:
        say("No triggers yet. See: prm packs list, prm packs add NAME")
    return 0


def _show(options: argparse.Namespace) -> int:
    from prm_tui.services import agreeing, triggers

    with opened(options) as store:
        as_of, name = day(options, store), options.names[0]
        row, trigger = triggers.find(store, name, as_of)
        does, agrees = triggers.acts_of(store, name), agreeing.who(store)
        text = triggers.export(store, [name], as_of)
        texts = triggers.texts_of(store, name)
    if options.json:
        print_json({"name": row.name, "on": row.on, "version": row.version, "hits_7d": row.hits_7d, "pack": row.pack,
                    "saved_by": row.saved_by, "does": does, "trigger": trigger.to_data(), "texts": texts})  # fmt: skip
        return 0
    print(plain_lines(text.partition("\n\n")[2].rstrip("\n")))
    needs = f"; it {' and '.join(does)}, so {agrees} switches it on" if does else ""
    say(f"{'on' if row.on else 'off'}, version {row.version} saved by {row.saved_by}{needs}")
    return 0


def _add(options: argparse.Namespace) -> int:
    from prm_tui.services import packs

    path = Path(options.names[0])
    with opened(options) as store:
        done = packs.add(
            store, packs.read_file(path), path.name, actor=actor(options, store), as_of=day(options, store)
        )
    return told(done, options.json)


def _check(options: argparse.Namespace) -> int:
    from prm_tui.domain.pack import PackError
    from prm_tui.services import packs

    path = Path(options.names[0])
    with opened(options) as store:
        try:
            _, faults = packs.check(store, packs.read_file(path), path.name)
        except PackError as error:
            faults = list(error.faults)
    if options.json:
        print_json([_fault(fault) for fault in faults])
    for fault in () if options.json else faults:
        print(plain_lines(fault.said))
    say(f"{path.name}: {f'{len(faults):,} found' if faults else 'nothing is wrong'}")
    return 1 if faults else 0


def _fault(fault: Fault) -> dict[str, Any]:
    return {"file": fault.file, "line": fault.line, "key": fault.at, "problem": fault.problem, "instead": fault.instead}


def _on(options: argparse.Namespace) -> int:
    from prm_tui.services import triggers

    name = options.names[0]
    with opened(options) as store:
        change = triggers.switch_on(
            store, name, first=options.first, actor=actor(options, store), as_of=day(options, store)
        )
    return _switched(options, name, "on", change)


def _off(options: argparse.Namespace) -> int:
    from prm_tui.services import triggers

    name = options.names[0]
    with opened(options) as store:
        change = triggers.switch_off(store, name, actor=actor(options, store), as_of=day(options, store))
    return _switched(options, name, "off", change)


def _switched(options: argparse.Namespace, name: str, state: str, change: int | None) -> int:
    if options.json:
        print_json({"name": name, "on": state == "on", "change": change})
    say(
        f"{name} was {state} already."
        if change is None
        else f"{name} is {state}. Change {change}; take it back with: prm undo {change}"
    )
    return 0


def _export(options: argparse.Namespace) -> int:
    from prm_tui.services import triggers

    names = list(options.names)
    out = names.pop() if names and names[-1].endswith(".toml") else None
    with opened(options) as store:
        text = triggers.export(store, names, day(options, store))
    return written(text, out)


def _rehearse(options: argparse.Namespace) -> int:
    from prm_tui.cli.run import told as told_run
    from prm_tui.services import automation

    with opened(options) as store:
        if options.names and options.names[0].endswith(".toml"):
            done = _together(options, store)
        else:
            done = automation.rehearse(store, *options.names, as_of=day(options, store))
    return told_run(done, options.json)


def _together(options: argparse.Namespace, store: Any) -> Run:
    """All that is on, together with what a file would add or change."""
    from prm_tui.services import automation, packs, triggers

    as_of, path = day(options, store), Path(options.names[0])
    text = packs.read_file(path)
    added, _ = packs.check(store, text, path.name)
    names = [row.name for row in triggers.listed(store, as_of) if row.on]

    def before(_: object) -> None:
        packs.add(store, text, path.name, actor=actor(options, store), as_of=as_of)

    return automation.rehearse(store, *dict.fromkeys([*names, *added.triggers]), as_of=as_of, before=before)


def _backtest(options: argparse.Namespace) -> int:
    from prm_tui.services import triggers

    with opened(options) as store:
        _, trigger = triggers.find(store, options.names[0], day(options, store))
        return measure(options, store, trigger)


def _start(options: argparse.Namespace) -> int:
    from prm_tui.cli.run import told as told_run
    from prm_tui.services import automation

    with opened(options) as store:
        as_of, who = day(options, store), actor(options, store)
        done = automation.begin(store, *options.names, actor=who, as_of=as_of)
    return told_run(done, options.json)


def _why(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from prm_tui.cli.conditions import print_leaf
    from prm_tui.services import runs

    with opened(options) as store:
        as_of = day(options, store)
        name, code, *record = options.names
        called, leaf, hits = runs.why_not(store, name, code, as_of, *record)
    if options.json:
        print_json({**asdict(leaf), "matches": hits})
        return 0
    print(plain_lines(f"{called} as of {as_of}: {leaf.outcome}"))
    print_leaf(leaf, 1)
    for hit in hits:
        print(plain_lines(f"  matched on {hit.on}: {hit.state}, version {hit.version}, change {hit.change}"))
    return 0


def _release(options: argparse.Namespace) -> int:
    from prm_tui.cli.run import told as told_run
    from prm_tui.services import automation

    with opened(options) as store:
        as_of, who = day(options, store), actor(options, store)
        done = automation.release(store, options.names[0], actor=who, as_of=as_of)
    return told_run(done, options.json)


_ACTS = {"list": _list, "show": _show, "add": _add, "on": _on, "off": _off, "check": _check, "export": _export,
         "rehearse": _rehearse, "backtest": _backtest, "release": _release,
         "start": _start, "why": _why}  # fmt: skip
