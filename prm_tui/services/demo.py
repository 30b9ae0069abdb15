"""The demonstration: a file built from the bundled reseller workbook, with people to act as."""

from __future__ import annotations

import contextlib
from datetime import date
from importlib import resources
from pathlib import Path

from prm_tui.domain.errors import PrmError
from prm_tui.domain.inactivity import STATES, counts
from prm_tui.domain.summary import Summary
from prm_tui.services import backtest, exchange, files, inactivity, packs, people
from storage import Store
from storage import summary as stored

AS_OF = date(2013, 11, 29)
WORKBOOK = "resellers-and-sales.xlsx"
PEOPLE = (
    ("Dana Program", "Program manager (demonstration)", ("program manager", "partner manager")),
    ("Lee Legal", "Legal counsel (demonstration)", ("legal",)),
    ("Fin Finance", "Controller (demonstration)", ("finance",)),
    ("Max Manager", "Head of channel (demonstration)", ("manager", "admin")),
)
"""Made-up people, so that requesting and approving can be tried as several persons."""


def build(path: Path) -> None:
    """Build the demonstration file anew from the bundled workbook; an older one is replaced when it is ready."""
    fresh = path.with_name(f"{path.stem}.new{path.suffix}")
    _remove(fresh)
    with files.open_file(fresh, create=True) as store:
        with store.change("this is a demonstration", actor=None, as_of=AS_OF, kind="system") as change:
            change.conn.executemany(
                "INSERT INTO settings(key, value, change_id) VALUES (?,?,?)",
                [("demo.as_of", AS_OF.isoformat(), change.id), ("name", "Demonstration", change.id)],
            )
        with (
            resources.as_file(resources.files("prm_tui") / "data" / WORKBOOK) as workbook,
            exchange.read(store, [workbook]) as reading,
        ):
            exchange.commit(store, reading, actor=None, as_of=AS_OF)
        for name, title, roles in PEOPLE:
            people.add(store, name, title=title, roles=roles, actor=None, as_of=AS_OF)
        packs.add_named(store, "welcome", actor=None, as_of=AS_OF)
        store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _remove(path)
    fresh.rename(path)
    _remove(fresh)


def standing(store: Store) -> str:
    """How many partners are in each state by the policies that come with the program, in words."""
    found = counts(inactivity.of_all(store, AS_OF))
    told = ", ".join(f"{n:,} {STATES[key].label.lower()}" for key, n in found.items() if n)
    return f"by the policies that come with prm: {told}. See: prm inactive"


def comparison(store: Store) -> list[str]:
    """What a rule on 90 days without an order would have found in the last year, and one on 100, in words."""
    said = ["A rule can be tried on the past before it acts. Partners without an order for so many days, who then did not",
            "order for 180 days either, in the year to 2013-11-29:"]  # fmt: skip
    first = AS_OF.replace(year=AS_OF.year - 1)
    for days in (90, 100):
        found = backtest.backtest(
            store, f"days_since(order) > {days}", first, AS_OF, outcome="count(order, 180) = 0", as_of=AS_OF
        )
        outcome = found.outcome
        assert outcome is not None
        said.append(
            f"  more than {days:>3} days: {found.hits:>5,} matches of {found.subjects:,} partners;"
            f" of {outcome.judged:,} judged {outcome.right:,} were right"
        )
    rhythm = backtest.rhythm(store, "days_since(order) > 90", AS_OF)
    if rhythm is not None and rhythm.median is not None:
        said.append(
            f"These partners order every {rhythm.median:g} days. See: prm triggers backtest quiet-90-days --neighbours"
        )
    return said


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def ready(path: Path) -> Path:
    """The demonstration file, built if it is not there or not whole."""
    with contextlib.suppress(PrmError), files.open_file(path) as store:
        if store.demonstration and summary(store).partners:
            return path
    build(path)
    return path


def summary(store: Store, as_of: date | None = None) -> Summary:
    """A file in a few numbers, up to a date."""
    with store.reading() as conn:
        return stored.summary(conn, as_of or store.today())
