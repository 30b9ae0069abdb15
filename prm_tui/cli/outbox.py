"""prm outbox: messages on their way out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import actor, command, day, opened, plain, print_json, print_table, say, with_json
from prm_tui.domain.errors import UsageError

if TYPE_CHECKING:
    from prm_tui.domain.message import MessageRow, Moved

_ALL = ("approve", "confirm", "refill")
_OWN = {
    "state": ("list",), "partner": ("list",), "all": ("list", *_ALL), "to": ("edit",), "subject": ("edit",), "body": ("edit",),
    "body_file": ("edit",), "again": ("export",), "reason": ("cancel",),
}  # fmt: skip
"""Which acts an option belongs to."""


def register(commands: Any) -> None:
    """Add this group's command."""
    made = with_json(
        command(
            commands,
            "outbox",
            "List messages, show, edit, fill again, approve, write out, confirm or cancel them.",
            _outbox,
        )
    )
    made.add_argument("act", nargs="?", choices=_ACTS, default="list", help="What to do.")
    made.add_argument("what", nargs="*", metavar="ID|DIR", help="The messages; of export the folder, then messages.")
    made.add_argument("--all", action="store_true",
                      help="approve, confirm, refill: all that wait for it. list: those that were sent or cancelled, too.")  # fmt: skip
    made.add_argument("--state", metavar="S", help="list: only messages in this state.")
    made.add_argument("--partner", metavar="CODE", help="list: only messages to this partner.")
    made.add_argument("--to", metavar="ADDRESS", help="edit: another recipient.")
    made.add_argument("--subject", metavar="T", help="edit: another subject.")
    made.add_argument("--body", metavar="T", help="edit: another text.")
    made.add_argument("--body-file", metavar="FILE", help="edit: another text, read from a file.")
    made.add_argument("--again", action="store_true", help="export: the messages named, though they were given out.")
    made.add_argument("--reason", metavar="T", default="", help="cancel: why.")


def _outbox(options: argparse.Namespace) -> int:
    for name, acts in _OWN.items():
        if getattr(options, name) and options.act not in acts:
            raise UsageError(f"--{name.replace('_', '-')} belongs to: prm outbox {' or '.join(acts)}")
    return _ACTS[options.act](options)


def _numbers(options: argparse.Namespace, words: list[str]) -> list[int]:
    found = []
    for word in words:
        if not word.isdecimal() or len(word) > 15:
            raise UsageError(f"“{word}” is no number of a message. See: prm outbox list")
        found.append(int(word))
    return found


def _named(options: argparse.Namespace, *, one: bool = False) -> list[int]:
    """The messages that were named; at least one."""
    found = _numbers(options, options.what)
    if not found or (one and len(found) > 1):
        raise UsageError(f"Which message? prm outbox {options.act} ID. See: prm outbox list")
    return found


def _many(options: argparse.Namespace) -> list[int] | None:
    """The messages that were named, or None for all."""
    if options.all and options.what:
        raise UsageError(f"Name messages or say --all, not both: prm outbox {options.act} --all")
    return None if options.all else _named(options)


def _line(row: MessageRow) -> dict[str, Any]:
    return {"id": row.id, "state": row.state, "channel": row.channel, "code": row.code, "name": row.name, "to": row.to_name,
            "recipient": row.recipient, "subject": row.subject, "case": row.case_id, "template": row.template,
            "lacks": row.lacks, "handed_over_at": row.handed_over_at, "confirmed_at": row.confirmed_at}  # fmt: skip


def _list(options: argparse.Namespace) -> int:
    from prm_tui.domain.message import OPEN
    from prm_tui.services import outbox, partners

    if options.what:
        raise UsageError("list takes no message; show does: prm outbox show ID")
    states = (options.state,) if options.state else () if options.all else OPEN
    with opened(options) as store:
        partner = partners.resolve(store, options.partner) if options.partner else None
        viewer = actor(options, store)
        rows = outbox.list_of(store, states=states, partner_id=partner, viewer=viewer)
        counts = outbox.counts(store, viewer)
    if options.json:
        print_json([_line(row) for row in rows])
    else:
        print_table(("Id", "State", "Code", "Partner", "Recipient", "Subject"),
                    [(r.id, r.state, r.code, r.name, r.whom, r.subject) for r in rows], (True,))  # fmt: skip
    if counts["returned"]:
        say(f"{counts['returned']:,} came back; something is missing: prm outbox show ID, prm outbox edit ID …")
    if counts["draft"]:
        say(f"{counts['draft']:,} to be approved: prm outbox approve ID…, or --all")
    if counts["approved"]:
        say(f"{counts['approved']:,} approved; write them for your mail program: prm outbox export DIR")
    if counts["handed over"]:
        say(f"{counts['handed over']:,} given to your mail program; once sent: prm outbox confirm ID…, or --all")
    return 0


def _show(options: argparse.Namespace) -> int:
    from prm_tui.domain.message import STATES
    from prm_tui.services import outbox

    (number,) = _named(options, one=True)
    with opened(options) as store:
        found = outbox.get(store, number)
    row = found.row
    if options.json:
        print_json({**_line(row), "body": found.body, "acts": found.acts})
        return 0
    print(plain(f"Message {row.id}: {STATES[row.state]}"))
    for label, text in (("To", row.whom), ("Partner", f"{row.code} {row.name}"), ("Subject", row.subject),
                        ("Case", f"{row.case_id} {row.case}" if row.case_id else ""), ("Template", row.template or ""),
                        ("Missing", "; ".join(row.lacks))):  # fmt: skip
        if text.strip():
            print(plain(f"  {label:<9} {text}"))
    print()
    for line in found.body.rstrip("\n").split("\n"):
        print(plain(line.rstrip("\r")))
    print()
    for act in found.acts:
        print(plain(f"  {act.at:%Y-%m-%d %H:%M} UTC  {act.actor}: {act.why}"))
    return 0


def _edit(options: argparse.Namespace) -> int:
    from prm_tui.domain.message import STATES
    from prm_tui.services import outbox, packs

    (number,) = _named(options, one=True)
    if options.body is not None and options.body_file is not None:
        raise UsageError("--body or --body-file, not both.")
    body = packs.read_file(Path(options.body_file)) if options.body_file is not None else options.body
    given = {"recipient": options.to, "subject": options.subject, "body": body}
    fields = {key: text for key, text in given.items() if text is not None}
    if not fields:
        raise UsageError(f"Say what changes: prm outbox edit {number} --to ADDRESS --subject T --body T")
    with opened(options) as store:
        change = outbox.edit(store, number, fields, actor=actor(options, store), as_of=day(options, store))
        row = outbox.get(store, number).row
    if options.json:
        print_json({"change": change, **_line(row)})
    say(f"Message {number}: {STATES[row.state]}." if change else "Nothing to change.")
    if row.lacks:
        say(f"Still missing: {'; '.join(row.lacks)}")
    elif change:
        say(f"Approve it: prm outbox approve {number}")
    return 0


def _approve(options: argparse.Namespace) -> int:
    from prm_tui.services import outbox

    ids = _many(options)
    with opened(options) as store:
        done = outbox.approve(store, ids, actor=actor(options, store), as_of=day(options, store))
    return _told(options, done, "Approved", "Write them for your mail program: prm outbox export DIR")


def _refill(options: argparse.Namespace) -> int:
    from prm_tui.services import outbox

    ids = _many(options)
    with opened(options) as store:
        done = outbox.refill(store, ids, actor=actor(options, store), as_of=day(options, store))
    return _told(options, done, "Filled again", "They wait for approval: prm outbox approve")


def _confirm(options: argparse.Namespace) -> int:
    from prm_tui.services import outbox

    ids = _many(options)
    with opened(options) as store:
        done = outbox.confirm(store, ids, actor=actor(options, store), as_of=day(options, store))
    return _told(options, done, "Confirmed as sent", "")


def _cancel(options: argparse.Namespace) -> int:
    from prm_tui.services import outbox

    ids = _named(options)
    with opened(options) as store:
        done = outbox.cancel(store, ids, options.reason, actor=actor(options, store), as_of=day(options, store))
    return _told(options, done, "Cancelled", "")


def _export(options: argparse.Namespace) -> int:
    from prm_tui.services import outbox

    if not options.what:
        raise UsageError("Into which folder? prm outbox export DIR")
    folder, ids = options.what[0], _numbers(options, options.what[1:])
    if folder.isdecimal() and not Path(folder).is_dir():
        raise UsageError(f"“{folder}” looks like a message; the folder comes first: prm outbox export DIR {folder}")
    if options.again and not ids:
        raise UsageError(f"--again takes the messages by name: prm outbox export {folder} ID… --again")
    with opened(options) as store:
        done = outbox.export(
            store, Path(folder).expanduser(), ids or None, again=options.again, actor=actor(options, store),
            as_of=day(options, store),
        )  # fmt: skip
    if options.json:
        print_json({"change": done.change, "folder": done.folder, "workbook": done.workbook or None,
                    "files": [{"id": n, "file": name} for n, name in done.files], "refused": done.refused})  # fmt: skip
    else:
        for _, name in done.files:
            print(plain(Path(done.folder) / name))
    for note in done.notes:
        say(f"{note}.")
    if done.done:
        say(f"Open them in your mail program and send them; {done.workbook} lists them. This cannot be taken back.")
        say("Once they are sent: prm outbox confirm ID…, or --all")
    return _refused(done, "Nothing is approved. See: prm outbox list")


def _told(options: argparse.Namespace, done: Moved, said: str, then: str) -> int:
    if options.json:
        print_json({"change": done.change, "done": done.done, "refused": done.refused})
    if done.done:
        say(f"{said}: {', '.join(map(str, done.done))}. {then}".rstrip())
    return _refused(done, "No message waits for that. See: prm outbox list")


def _refused(done: Moved, nothing: str) -> int:
    """Say what was left as it was; 1 when something was."""
    for refused in done.refused:
        say(f"Left as it is: {refused}")
    if not done.done and not done.refused:
        say(nothing)
    return 1 if done.refused else 0


_ACTS = {"list": _list, "show": _show, "approve": _approve, "edit": _edit, "refill": _refill, "export": _export, "confirm": _confirm,
         "cancel": _cancel}  # fmt: skip
