"""prm partners, partner, timeline, add, set, log, people."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import (
    actor,
    assignments,
    command,
    day,
    opened,
    plain,
    print_csv,
    print_json,
    print_table,
    say,
    with_json,
)

if TYPE_CHECKING:
    from prm_tui.domain.activity import TimelineRow

SHOWN = ("code", "name", "territory", "country", "status", "last_order", "amount_12m")
WHOLE = (
    "code", "name", "type", "status", "tier", "manager", "territory", "country", "industry", "joined_on",
    "last_active_on", "last_order", "amount_12m", "orders_12m",
)  # fmt: skip


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(command(commands, "partners", "List partners, all or those a condition selects.", _partners))
    made.add_argument("--words", metavar="TEXT", default="", help="Only partners in which all these words occur.")
    made.add_argument("--where", metavar="CONDITION", default="", help="Only partners that meet a condition.")
    made.add_argument("--unknown", action="store_true", help="Also those for which it cannot be decided.")
    made.add_argument("--sort", metavar="COLUMN[:desc]", default="name", help="Sort by a column.")
    made.add_argument("--limit", type=int, metavar="N", help="At most so many.")
    made.add_argument("--columns", metavar="A,B,…", help="Which columns, separated by commas.")
    made.add_argument("--count", action="store_true", help="Print only how many.")
    made.add_argument("--csv", action="store_true", help="Print CSV.")
    made = with_json(command(commands, "partner", "Show one partner.", _partner))
    made.add_argument("code", metavar="CODE", help="Its code, another key, or its name.")
    made = with_json(command(commands, "timeline", "Show what happened with a partner, the latest first.", _timeline))
    made.add_argument("code", metavar="CODE", help="Its code, another key, or its name.")
    made.add_argument("--kind", metavar="K", help="Only activities of this kind.")
    made.add_argument("--since", metavar="DATE", help="Only from this date on.")
    made = command(commands, "add", "Add a partner.", _add)
    made.add_argument("code", metavar="CODE", help="Its code.")
    made.add_argument("fields", nargs="+", metavar="FIELD=VALUE", help="Its fields; a name is needed.")
    made = command(commands, "set", "Set fields of a partner, or of a record of it; FIELD= empties one.", _set)
    made.add_argument("code", metavar="CODE", help="Its code, another key, or its name.")
    made.add_argument("fields", nargs="+", metavar="FIELD=VALUE", help="Fields and their new values.")
    made.add_argument("--record", metavar="REF", help="A record of it, by reference or name: these are its fields.")
    made.add_argument("--kind", metavar="K", help="Of which kind the record is, where several are called so.")
    made = with_json(command(commands, "join", "Two partners are one: the first gets everything of the second.", _join))
    made.add_argument("code", metavar="CODE", help="The partner that stays.")
    made.add_argument("other", metavar="CODE", help="The one that is the same; its code finds the first from then on.")
    made = command(commands, "log", "Write down that something happened with a partner.", _log)
    made.add_argument("code", metavar="CODE", help="Its code, another key, or its name.")
    made.add_argument("kind", metavar="KIND", help="What: order, call, visit, training, …")
    made.add_argument("--on", metavar="DATE", help="When it happened (else the date of evaluation).")
    made.add_argument("--amount", metavar="N", help="Its amount.")
    made.add_argument("--currency", metavar="C", help="The currency of its amount, such as EUR.")
    made.add_argument("--ref", metavar="R", help="Its reference, such as an order number.")
    made.add_argument("--note", metavar="T", help="A note.")
    made.add_argument("--field", action="append", default=[], metavar="FIELD=VALUE",
                      help="A field its kind has of its own, such as status=paid; may be repeated.")  # fmt: skip
    made = with_json(command(commands, "people", "List our own people, add or change one.", _people))
    made.add_argument("act", nargs="?", choices=("list", "add", "edit"), default="list", help="What to do.")
    made.add_argument("name", nargs="?", metavar="NAME", help="The person to add or change.")
    made.add_argument("--title", metavar="T", help="Their title.")
    made.add_argument("--email", metavar="E", help="Their e-mail address.")
    made.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="R",
        help="A role they hold; may be repeated. edit: all they hold.",
    )
    made.add_argument("--active", choices=("yes", "no"), help="edit: whether they still work here.")


def _partners(options: argparse.Namespace) -> int:
    from prm_tui.services import partners

    with opened(options) as store:
        as_of = day(options, store)
        sort, _, way = options.sort.partition(":")
        keys = options.columns.split(",") if options.columns else (WHOLE if options.json or options.csv else SHOWN)
        shown = partners.check_columns(store, keys)
        found = partners.find(
            store,
            text=options.words,
            condition=options.where,
            sort=sort,
            descending=way == "desc",
            as_of=as_of,
            show_unknown=options.unknown,
        )
        ids = found.ids[: options.limit] if options.limit is not None else found.ids
        if options.count:
            print(len(found.ids))
        else:
            rows = partners.rows(store, ids, [c.key for c in shown], as_of)
            cells = [[row.cells[c.key] for c in shown] for row in rows]
            if options.json:
                print_json([dict(zip((c.key for c in shown), row, strict=True)) for row in cells])
            elif options.csv:
                print_csv([c.key for c in shown], cells)
            else:
                print_table([c.label for c in shown], cells, [c.right for c in shown])
    unknown = f"; for {found.unknown} it cannot be decided" if found.unknown else ""
    say(f"{len(found.ids):,} of {found.total:,} partners as of {as_of}{unknown}")
    return 0


def _partner(options: argparse.Namespace) -> int:
    from prm_tui.services import contacts, partners, records

    with opened(options) as store:
        as_of = day(options, store)
        seen = partners.preview(store, partners.resolve(store, options.code), as_of)
        partner = seen.partner
        who = contacts.list_of(store, partner.id)
        has = records.list_of(store, partner.id)
    if options.json:
        facts = {
            "last_order_days": seen.days_since,
            "amount_12m": seen.year,
            "orders": seen.rhythm.orders,
            "state": seen.state and seen.state.key,
            "state_why": seen.state and seen.state.why,
        }
        print_json({**partner.fields, "custom": partner.custom, "keys": dict(partner.keys), "facts": facts,
                    "contacts": who, "records": has, "source": partner.source, "hold": partner.hold or None})  # fmt: skip
        return 0
    print(plain(f"{partner.name}  ({partner.code})"))
    for key, value in [*partner.fields.items(), *((partner.labels.get(k, k), v) for k, v in partner.custom.items())]:
        if value is not None and key not in ("code", "name"):
            print(plain(f"  {key}: {value}"))
    if seen.state is not None:
        print(plain(f"  state: {seen.state.state.label}: {seen.state.why}"))
    if partner.hold:
        print(plain(f"  {partner.hold}"))
    rhythm = seen.rhythm
    if rhythm.last_on:
        usual = f", usually every {rhythm.median_gap} days" if rhythm.median_gap is not None else ""
        print(f"  orders: {rhythm.orders}, the last on {rhythm.last_on}, {seen.days_since} days ago{usual}")
    else:
        print("  orders: none")
    print(f"  last 12 months: {seen.year:,}; the 12 before: {seen.year_before:,}")
    for contact in who:
        print(plain(f"  contact: {contact.name} {contact.role or ''} {contact.email or ''} {contact.phone or ''}"))
    for record in has:
        print(plain(f"  {record.label}: {record.name} {record.fields.get('status') or ''} {record.ends_on or ''}"))
    if partner.source:
        print(plain(f"  from {partner.source}"))
    return 0


def _timeline(options: argparse.Namespace) -> int:
    from prm_tui.services import partners, timeline
    from prm_tui.services.values import read_date

    since = read_date(options.since, "--since") if options.since else None
    with opened(options) as store:
        partner = partners.resolve(store, options.code)
        ids = timeline.entries(store, partner, kind=options.kind, as_of=day(options, store))
        rows = [r for r in timeline.rows(store, ids) if since is None or r.occurred_on >= since]
    if options.json:
        print_json([_activity(row) for row in rows])
        return 0
    print_table(
        ("Date", "What", "Reference", "Amount", "Lines", "Person", "From"),
        [(r.occurred_on, r.label, r.ref or r.note, r.amount, r.lines or None, r.person, r.source) for r in rows],
        (False, False, False, True, True),
    )
    return 0


def _activity(row: TimelineRow) -> dict[str, Any]:
    source = row.source
    return {
        "occurred_on": row.occurred_on,
        "kind": row.kind,
        "amount": row.amount,
        "currency": row.currency,
        "quantity": row.quantity,
        "ref": row.ref,
        "note": row.note,
        "lines": row.lines,
        "person": row.person,
        "source": source and {"file": source.file, "sheet": source.sheet, "row": source.row},
    }


def _add(options: argparse.Namespace) -> int:
    from prm_tui.services import partners

    fields = assignments(options.fields)
    with opened(options, create=True) as store:
        partners.add(store, {**fields, "code": options.code}, actor=actor(options, store), as_of=day(options, store))
    say(f"Added {options.code}.")
    return 0


def _set(options: argparse.Namespace) -> int:
    from prm_tui.domain.errors import UsageError
    from prm_tui.services import partners, records

    fields = assignments(options.fields)
    if options.kind and not options.record:
        raise UsageError("--kind goes with --record REF.")
    with opened(options) as store:
        partner = partners.resolve(store, options.code)
        who, as_of = actor(options, store), day(options, store)
        if options.record:
            record = records.named(store, partner, options.record, options.kind)
            change = records.edit(store, record, fields, actor=who, as_of=as_of)
        else:
            change = partners.edit(store, partner, fields, actor=who, as_of=as_of)
    say("Nothing to change." if change is None else f"Change {change}. Take it back with: prm undo {change}")
    return 0


def _join(options: argparse.Namespace) -> int:
    from prm_tui.services import partners

    with opened(options) as store:
        keep, other = (partners.resolve(store, said) for said in (options.code, options.other))
        change, moved = partners.join(store, keep, other, actor=actor(options, store), as_of=day(options, store))
    if options.json:
        print_json({"change": change, "moved": moved})
    listed = ", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in moved.items()) or "nothing"
    say(f"Moved: {listed}. Change {change}; take it apart with: prm undo {change}")
    return 0


def _log(options: argparse.Namespace) -> int:
    from prm_tui.domain.money import read_amount
    from prm_tui.services import partners, timeline
    from prm_tui.services.values import read_date

    on = read_date(options.on, "--on") if options.on else None
    amount = read_amount(options.amount, "--amount") if options.amount else None
    with opened(options) as store:
        as_of = day(options, store)
        timeline.log(
            store,
            partners.resolve(store, options.code),
            options.kind,
            on=on or as_of,
            amount=amount,
            currency=options.currency,
            ref=options.ref,
            note=options.note,
            data=assignments(options.field),
            actor=actor(options, store),
            as_of=as_of,
        )
    say(f"Logged {options.kind} on {on or as_of}.")
    return 0


def _people(options: argparse.Namespace) -> int:
    from prm_tui.domain.errors import UsageError
    from prm_tui.services import people

    if options.act != "list" and not options.name:
        raise UsageError(f"Name the person: prm people {options.act} “Ann Lee” --role “partner manager”")
    if options.act == "edit":
        with opened(options) as store:
            change = people.edit(
                store, options.name, title=options.title, email=options.email, roles=options.role or None,
                active=None if options.active is None else options.active == "yes", actor=actor(options, store),
                as_of=day(options, store),
            )  # fmt: skip
        say(f"Change {change}. Take it back with: prm undo {change}" if change else "It is so already.")
        return 0
    if options.act == "add":
        with opened(options, create=True) as store:
            people.add(
                store,
                options.name,
                title=options.title,
                email=options.email,
                roles=options.role,
                actor=actor(options, store) if people.list_of(store) else None,  # the first one is added by nobody
                as_of=day(options, store),
            )
        say(f"Added {options.name}.")
        return 0
    with opened(options) as store:
        everyone = people.list_of(store)
    if options.json:
        print_json([{"name": p.name, "title": p.title, "email": p.email, "roles": p.roles, "active": p.active,
                     "partners": p.partners} for p in everyone])  # fmt: skip
        return 0
    print_table(
        ("Name", "Title", "Roles", "Partners"),
        [(p.name, p.title, ", ".join(p.roles) if p.active else "does not work here", p.partners) for p in everyone],
        (False, False, False, True),
    )
    if not everyone:
        print("Nobody yet. Add someone: prm people add NAME", file=sys.stderr)
    return 0
