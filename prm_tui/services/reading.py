"""Workbooks as they were read: a staging file, and how each sheet would be taken, until a person has corrected it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from importers import columns, own, reader, staging
from importers.asked import asked_of
from importers.kinds import OwnKind
from importers.propose import Taken, propose
from prm_tui.domain.errors import InputError
from prm_tui.domain.mapping import NEEDED, Question, SavedMap, SheetPlan
from prm_tui.domain.sheet import token_row
from prm_tui.services import shipped
from storage import Store, imports, outgoing

ORDER = {
    "people": 0,
    "partners": 1,
    "contacts": 2,
    "record": 3,
    "activity": 4,
    "approvals": 5,
    "transition": 6,
    "reasons": 7,
    "review": 8,
}


@dataclass
class Reading:
    """Files that have been read but not taken yet. Close it (or leave the `with`) to throw the staging away."""

    folder: tempfile.TemporaryDirectory[str]
    paths: list[Path]
    plans: list[SheetPlan]
    questions: list[Question]
    forced: dict[str, str] = field(default_factory=dict)
    saved: list[SavedMap] = field(default_factory=list)
    headers: dict[str, int] = field(default_factory=dict)

    @property
    def staging(self) -> Path:
        """The staging file."""
        return Path(self.folder.name) / "staging.db"

    @property
    def taken(self) -> list[SheetPlan]:
        """The sheets that bring something, in the order in which they are taken: people, partners, what is theirs."""
        wanted = [p for p in self.plans if p.noun in NEEDED]
        return sorted(wanted, key=lambda p: (ORDER[p.noun], p.id))

    def sample(self, plan: SheetPlan, rows: int = 20) -> list[tuple[Any, ...]]:
        """The first rows of a sheet as they were read: row number, then its cells."""
        if plan.again:
            return []
        listed = ", ".join(f"c{c.pos}" for c in plan.columns)
        conn = staging.connect(self.staging)
        try:
            return conn.execute(f"SELECT row, {listed} FROM {plan.table} ORDER BY row LIMIT ?", (rows,)).fetchall()
        finally:
            conn.close()

    def path_of(self, plan: SheetPlan) -> Path:
        """The file a sheet is from."""
        conn = staging.connect(self.staging)
        try:
            (path,) = conn.execute(
                "SELECT path FROM files WHERE id = (SELECT file_id FROM sheets WHERE id = ?)", (plan.id,)
            ).fetchone()
        finally:
            conn.close()
        return Path(path)

    def row(self, plan: SheetPlan, number: int) -> dict[str, Any]:
        """The cells of one row by their headers; the empty ones left out."""
        listed = ", ".join(f"c{c.pos}" for c in plan.columns)
        conn = staging.connect(self.staging)
        try:
            cells = conn.execute(f"SELECT {listed} FROM {plan.table} WHERE row = ?", (number,)).fetchone() or ()
        finally:
            conn.close()
        return {c.header: cell for c, cell in zip(plan.columns, cells, strict=False) if cell is not None}

    def settle_dates(self, plan_id: int, pos: int, order: str) -> None:
        """Say how the dates of a column that was asked are written: its dates are read so, and its question is gone."""
        conn = staging.connect(self.staging)
        try:
            decided = columns.settle(conn, plan_id, pos, order)
        finally:
            conn.close()
        plan = next(p for p in self.plans if p.id == plan_id)
        settled = (replace(c, type="date", orders=(), decided=decided) if c.pos == pos else c for c in plan.columns)
        self.replan(replace(plan, columns=tuple(settled)))

    def replan(self, plan: SheetPlan) -> None:
        """Put a corrected plan in the place of the one for the same sheet."""
        self.plans = [plan if p.id == plan.id else p for p in self.plans]
        self.questions = [q for q in self.questions if q.sheet != plan.sheet]
        self.questions += asked_of(plan)

    def close(self) -> None:
        """Throw the staging file away."""
        self.folder.cleanup()

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(
    store: Store | None,
    paths: Sequence[Path],
    *,
    forced: dict[str, str] | None = None,
    saved: Sequence[SavedMap] = (),
    dates: Mapping[str, str] | None = None,
    headers: Mapping[str, int] | None = None,
    skip_known: bool = False,
    on_progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Reading:
    """Read files and propose what each sheet is; nothing is written to the file of partners.

    `forced`: sheet name → what it is; `saved`: mappings to use for their headers, before those the file
    remembers; `headers`: by sheet, the row of its header (0: it has none); `skip_known`: a sheet whose feed brought
    the very same cells last is not read again, because nothing in it can be new; `dates`: how the dates of asked
    columns are written (one of mapping.ORDERS), by header, "" for all others. Raises InputError for a file that
    cannot be taken and for a sheet name that is not there.
    """
    folder = tempfile.TemporaryDirectory(prefix="prm-")
    try:
        path = Path(folder.name) / "staging.db"
        taken = imports.taken_before(store.conn) if skip_known and store is not None else {}
        known = [] if store is None else imports.header_sets(store.conn)
        said = {name.casefold(): row for name, row in (headers or {}).items()}
        told = staging.Told(list(taken), known, said)
        soon = partial(import_module, "prm_tui.services.automation")  # needed to take a sheet, not to read it
        reader.read(paths, path, on_progress=on_progress, cancelled=cancelled, told=told, meanwhile=soon)
        conn = staging.connect(path)
        try:
            names = [name for (name,) in conn.execute("SELECT name FROM sheets")]
            for name in {**(forced or {}), **(headers or {})}:
                if name.casefold() not in {n.casefold() for n in names}:
                    raise InputError(f"There is no sheet “{name}”. Sheets: {', '.join(names)}")
            if dates:
                _settle_dates(conn, dates)
            proposal = propose(
                conn,
                saved=[*saved, *_remembered(store)],
                forced=forced,
                own=_own(conn, store),
                known=lambda: imports.known_keys(store.conn) if store is not None else (),
                taken={content: Taken(*told) for content, told in taken.items()},
                kinds=_kinds(store),
            )
        finally:
            conn.close()
    except BaseException:
        folder.cleanup()
        raise
    return Reading(
        folder, list(paths), proposal.plans, proposal.questions,
        dict(forced or {}), list(saved), dict(headers or {}),
    )  # fmt: skip


def _settle_dates(conn: Any, told: Mapping[str, str]) -> None:
    by_header = {header.casefold(): order for header, order in told.items()}
    there = {"", *(header.casefold() for (header,) in conn.execute("SELECT header FROM columns"))}
    for header in told:
        if header.casefold() not in there:
            raise InputError(f"There is no column “{header}”. Write its header as it stands in the sheet: HEADER=ORDER")
    for sheet, pos, header, orders in conn.execute(
        "SELECT sheet_id, pos, header, orders FROM columns WHERE orders <> ''"
    ).fetchall():
        order = by_header.get(header.casefold(), by_header.get("", ""))
        if order in orders.split():
            columns.settle(conn, sheet, pos, order)


def _own(staged: Any, store: Store | None) -> dict[int, own.Own]:
    """Sheets of ours; one that lost its hidden page is known by the rows it names."""
    sheets = own.found(staged)
    for sheet in sheets.values():
        letter, row_id = token_row(sheet.token)
        if not sheet.what and store is not None and row_id:
            told = outgoing.mapping(store.conn, letter, row_id)
            if told is not None:
                sheet.what = told.what
                sheet.targets = {c.header: c.target for c in told.columns}
    return {sheet_id: sheet for sheet_id, sheet in sheets.items() if sheet.what}


def _kinds(store: Store | None) -> list[OwnKind]:
    """The kinds of activity and record that packs have brought; of a file that is not there yet, those it will have."""
    return [OwnKind(*told) for told in (shipped.kinds() if store is None else imports.kinds(store.conn))]


def _remembered(store: Store | None) -> list[SavedMap]:
    if store is None:
        return []
    from prm_tui.domain.mapping import from_toml

    found: list[SavedMap] = []
    for (body,) in store.conn.execute("SELECT body FROM mappings ORDER BY id DESC"):
        found += from_toml(body, "the file")
    return found
