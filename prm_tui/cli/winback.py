"""prm winback."""

from __future__ import annotations

import argparse
from typing import Any

from prm_tui.cli.common import actor, command, day, opened, print_json, print_table, say, with_json
from prm_tui.domain.errors import UsageError

ACTS = ("results", "check", "begin")


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(commands, "winback", "What winning partners back brought, what goes wrong with it; begin it.", _winback)
    )
    made.add_argument("act", nargs="?", choices=ACTS, default="results", help="What to do (results).")
    made.add_argument("codes", nargs="*", metavar="CODE", help="begin: the partners.")


def _winback(options: argparse.Namespace) -> int:
    if bool(options.codes) != (options.act == "begin"):
        raise UsageError("It is written: prm winback results, prm winback check, prm winback begin CODE…")
    return {"results": _results, "check": _check, "begin": _begin}[options.act](options)


def _results(options: argparse.Namespace) -> int:
    from prm_tui.services import winback

    with opened(options) as store:
        found = winback.results(store, day(options, store))
    if options.json:
        print_json(
            {"as_of": found.as_of, "treated": _arm(found.treated), "left_out": _arm(found.left_out), "lift": found.lift,
             "by_reason": [_arm(a) for a in found.by_reason], "by_outcome": [_arm(a) for a in found.by_outcome],
             "brought": [{"label": one.label, "partners": one.partners, "after_90": one.after_90, "after_180": one.after_180}
                         for one in found.brought]}
        )  # fmt: skip
        return 0
    rows = [("won back", a) for a in (found.treated,)] + [("left out, to compare with", found.left_out)]
    rows += [(f"  why: {a.label}", a) for a in found.by_reason] + [(f"  ended: {a.label}", a) for a in found.by_outcome]
    print_table(
        ("90 days after", "Partners", "Not yet known", "Amount", "Came back"),
        [(name, a.of, a.unknown, a.amount, a.said) for name, a in rows],
        (False, True, True, True),
        whole=True,
    )
    for one in found.brought if found.treated.of else ():
        since = "came back" if one.label == "reactivated" else "joined"
        say(f"{one.partners:,} {one.label} partners brought {one.after_90:,.2f} within 90 days and {one.after_180:,.2f} within 180"
            f" days since they {since}, on average.")  # fmt: skip
    say(found.sentence)
    return 0


def _arm(arm: Any) -> dict[str, Any]:
    return {"label": arm.label, "partners": arm.of, "judged": arm.judged, "back": arm.back, "share": arm.share,
            "interval": arm.interval if arm.judged else None, "amount": arm.amount}  # fmt: skip


def _check(options: argparse.Namespace) -> int:
    from prm_tui.services import winback

    with opened(options) as store:
        found = winback.look(store, day(options, store))
    if options.json:
        print_json({"same_text": found.same_text, "untouched": found.untouched, "undated": found.undated})
        return 0 if found.well else 1
    for sent in found.same_text:
        say(f"warning: {sent.warning}")
    loose = [("nobody in touch for 30 days", row) for row in found.untouched] + [
        ("no outcome date", row) for row in found.undated
    ]
    if loose:
        print_table(
            ("What", "Code", "Partner", "Since", "Case", "Owner", "Why"),
            [(what, r.code, r.name, r.since, r.case_id, r.owner, r.why) for what, r in loose],
            whole=True,
        )
    if found.well:
        say("Every quiet partner is followed up, each by a text for its reason.")
    return 0 if found.well else 1


def _begin(options: argparse.Namespace) -> int:
    from prm_tui.cli.run import told
    from prm_tui.services import partners, winback

    with opened(options) as store:
        ids = [partners.resolve(store, code) for code in options.codes]
        done = winback.begin(store, ids, actor=actor(options, store), as_of=day(options, store))
    return told(done, options.json)
