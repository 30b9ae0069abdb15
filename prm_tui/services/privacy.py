"""Privacy: what is held about a contact, erasing it when its time has come, and the legal hold that forbids that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from prm_tui.domain.change import ERASURE
from prm_tui.domain.errors import UsageError
from prm_tui.domain.partner import Partner
from prm_tui.domain.privacy import Due, Erasure
from prm_tui.domain.setting import RETENTION
from prm_tui.domain.text import nearest
from prm_tui.services import agreeing, cases, partners
from storage import Store, erasing, holds, naming, settings
from storage import privacy as stored

# ---- legal hold ----


def hold(store: Store, partner_id: int, reason: str, *, lift: bool = False, actor: int | None, as_of: date) -> int:
    """Put a partner under legal hold, or lift it: by somebody by name, with a reason; returns the change.

    Under hold nothing of the partner is erased, taken back or let go. UsageError where it is so already.
    """
    person = agreeing.someone(store, actor, "lift a legal hold" if lift else "set a legal hold")
    partner = partners.get(store, partner_id, as_of)
    if not reason.strip():
        raise UsageError(f"reason: say why {partner.name} is {'no longer ' if lift else ''}under legal hold.")
    if bool(partner.hold) is not lift:
        raise UsageError(
            f"{partner.name} is {partner.hold}." if partner.hold else f"{partner.name} is under no legal hold."
        )
    said = f"legal hold on {partner.code} {'lifted' if lift else 'set'}"
    with store.change(f"{said}: {' '.join(reason.split())}", actor=person.id, as_of=as_of) as change:
        holds.put(change, partner_id, not lift)
    return change.id


# ---- what is held, and when it goes ----


def due(store: Store, as_of: date) -> list[Due]:
    """Contacts that are due to be erased: their partner left, and the file's time to keep them has passed."""
    with store.reading() as conn:
        return stored.due(conn, settings.number(conn, RETENTION), as_of)


def contact(store: Store, said: str) -> tuple[int, int]:
    """The contact that is meant, and its partner, by id. UsageError where that is none or several."""
    with store.reading() as conn:
        found = stored.contacts_named(conn, said)
        names = [name for (name,) in conn.execute("SELECT name FROM contacts LIMIT 20000")] if not found else []
        whose = dict(conn.execute("SELECT code, id FROM partners").fetchall()) if len(found) == 1 else {}
    if len(found) == 1:
        return found[0][0], whose[found[0][3]]
    if found:
        listed = ", ".join(f"#{row_id} {name} {email or ''} ({code})" for row_id, name, email, code in found[:5])
        raise UsageError(f"“{said}” may be several contacts: {listed}. Give the number.")
    like = nearest(said, names)
    hint = f"Did you mean “{like}”?" if like else "See those of a partner with: prm partner CODE"
    raise UsageError(f"“{said}”: no contact of that name, e-mail address or number. {hint}")


def meant(store: Store, said: str) -> tuple[list[int], int]:
    """Contacts that are meant by a partner's code or by one of themselves, and their partner."""
    try:
        one, partner = contact(store, said)
        return [one], partner
    except UsageError as error:
        try:
            partner = partners.resolve(store, said)
        except UsageError:
            raise error from None
    with store.reading() as conn:
        return stored.of_partner(conn, partner), partner


def export(store: Store, contact_id: int, partner_id: int, out: Path) -> int:
    """Write all that the file holds about a contact to a workbook, to give it to them; how many rows."""
    from importers import export as sheets

    with store.reading() as conn:
        (one,) = naming.subjects(conn, [contact_id], pseudonymise=True)
        return sheets.write(out, stored.held_about(conn, one, partner_id)).rows


# ---- erasing ----


def erase(
    store: Store,
    contact_ids: Sequence[int],
    partner_id: int,
    *,
    pseudonymise: bool = False,
    confirm: str = "",
    dry_run: bool = False,
    actor: int | None,
    as_of: date,
) -> Erasure:
    """Erase contacts of a partner from the whole file: their rows, each text that names them, the log, raw cells,
    drafts, messages and documents. With `pseudonymise` a contact without name and address stays in their place.

    It cannot be taken back: `confirm` is the partner's code, typed. `dry_run` does it all and keeps nothing. A record
    says what was done and what was kept, never what was erased. The file is rewritten, so that no page holds it still.
    UsageError of a partner under legal hold, without the code, and for nobody by name.
    """
    partner = partners.get(store, partner_id, as_of)
    if partner.hold:
        raise UsageError(
            f"{partner.name} is {partner.hold}. Nothing is erased. Lift it first: prm hold {partner.code} --lift --reason …"
        )
    if not contact_ids:
        raise UsageError(f"{partner.name} has no contacts.")
    by = "nobody"
    if not dry_run:
        by = _may(store, partner, confirm, actor, as_of)
    with store.reading() as conn:
        found = naming.subjects(conn, contact_ids, pseudonymise=pseudonymise)
    report = Erasure(f"{partner.code} {partner.name}", len(found), pseudonymise)
    what = "pseudonymised" if pseudonymise else "erased"
    many = "1 contact" if len(found) == 1 else f"{len(found)} contacts"
    with store.change(
        f"{what} {many} of {partner.code}", actor=actor, as_of=as_of, kind=ERASURE, rehearse=dry_run
    ) as change:
        doing = erasing.Erasing(change, partner_id, found, report)
        doing.run()
        doing.record(by)
    report.backups = [str(copy) for copy in stored.copies(store.path, found)]
    if not dry_run:
        report.change = change.id
        report.whole = erasing.sweep(store.conn)
    return report


def _may(store: Store, partner: Partner, confirm: str, actor: int | None, as_of: date) -> str:
    person = agreeing.someone(store, actor, "erase")
    cases.in_the_present(store, as_of, "erase")
    if confirm.strip().casefold() != partner.code.casefold():
        raise UsageError(f"This cannot be taken back. To confirm it, type the partner's code: --yes {partner.code}")
    return person.name


def finish(store: Store) -> bool:
    """Rewrite the file once more, where another program kept old pages in use; whether no page is left."""
    return erasing.sweep(store.conn)
