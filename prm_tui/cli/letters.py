"""prm letters: the letters of a case, from the text to the folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from prm_tui.cli.common import (
    actor,
    assignments,
    command,
    day,
    opened,
    plain,
    plain_lines,
    print_json,
    print_table,
    say,
    with_json,
)
from prm_tui.domain.errors import UsageError


def register(commands: Any) -> None:
    """Add this group's command."""
    about = "List the letters of a case and which it still needs; write one, or give the approved ones out."
    made = with_json(command(commands, "letters", about, _letters))
    made.add_argument("case", type=int, metavar="CASE", help="The case.")
    made.add_argument(
        "--kind", metavar="K", help="Write this letter: cure, notice, withdrawal, customer, goodwill or end."
    )
    made.add_argument("--letterhead", metavar="FILE", help="A .docx of yours; its {{ fields }} are filled.")
    made.add_argument("--text", metavar="FILE", help="Another text than the pack's, with {{ fields }}.")
    made.add_argument("--field", metavar="NAME=T", action="append", default=[],
                      help="What {{ letter.NAME }} is to say; may be given several times.")  # fmt: skip
    made.add_argument(
        "--out", metavar="FOLDER", help="Write the approved letters (with --kind, of this kind) into a folder."
    )


def _letters(options: argparse.Namespace) -> int:
    writing = options.letterhead or options.text or options.field
    if options.out and writing:
        raise UsageError(
            "Write the letter first, have it approved, then give it out: --out stands alone or with --kind."
        )
    if writing and not options.kind:
        raise UsageError(f"Which letter? prm letters {options.case} --kind KIND")
    if options.out:
        return _out(options)
    return _write(options) if options.kind else _list(options)


def _list(options: argparse.Namespace) -> int:
    from prm_tui.services import letters

    with opened(options) as store:
        rows = letters.of(store, options.case, actor(options, store))
    if options.json:
        print_json([
            {"kind": r.kind.name, "title": r.kind.title, "needed": r.needed, "missing": r.missing, "standing": r.standing,
             "message": r.message and r.message.id, "state": r.message and r.message.state, "to": r.message and r.message.whom,
             "letterhead": r.written.letterhead, "approved_by": r.written.approved_by, "sha256": r.written.approved,
             "stale": r.stale} for r in rows
        ])  # fmt: skip
        return 0
    print_table(
        ("Kind", "Letter", "Message", "To", "Where it stands", "Needed"),
        [(r.kind.name, r.kind.title, r.message and r.message.id, r.message and r.message.whom, r.standing,
          "still" if r.missing else "") for r in rows],
        (False, False, True),
    )  # fmt: skip
    return 0


def _write(options: argparse.Namespace) -> int:
    from prm_tui.services import letters, outbox, packs

    letterhead = Path(options.letterhead) if options.letterhead else None
    text = packs.read_file(Path(options.text)) if options.text else None
    with opened(options) as store:
        made = letters.write(
            store, options.case, options.kind, letterhead=letterhead, text=text, said=assignments(options.field),
            actor=actor(options, store), as_of=day(options, store),
        )  # fmt: skip
        found = [outbox.get(store, number) for number in made]
    if options.json:
        print_json(
            [{"message": one.row.id, "to": one.row.whom, "subject": one.row.subject, "body": one.body} for one in found]
        )
    else:
        for one in found:
            print(plain(f"Message {one.row.id} to {one.row.whom}: {one.row.subject}"))
            print()
            print(plain_lines(one.body.strip("\n")))
            print()
    numbers = " ".join(str(number) for number in made)
    say(f"Approve it: prm outbox approve {numbers}" if made else "It is written as it is; nothing is new.")
    return 0


def _out(options: argparse.Namespace) -> int:
    from prm_tui.services import letters

    folder = Path(options.out).expanduser()
    with opened(options) as store:
        done = letters.give_out(
            store, options.case, folder, options.kind, actor=actor(options, store), as_of=day(options, store)
        )
    if options.json:
        print_json({"change": done.change, "folder": done.folder, "files": [{"id": n, "file": f} for n, f in done.files],
                    "refused": done.refused})  # fmt: skip
    else:
        for _, name in done.files:
            print(plain(folder / name))
    for refused in done.refused:
        say(f"Left as it is: {refused}")
    if done.done:
        say("They count as given out. Once they are sent: prm outbox confirm " + " ".join(map(str, done.done)))
    return 1 if done.refused else 0
