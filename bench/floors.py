"""What the measurements are held against; run as programs of their own: python -m bench.floors NAME …"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable

QUERY = (
    "SELECT p.id FROM partners p WHERE p.joined_into IS NULL AND (SELECT a.occurred_on FROM activities a WHERE a.partner_id = p.id"
    " AND a.kind = 'order' AND a.occurred_on <= ? AND a.superseded_at IS NULL ORDER BY a.occurred_on DESC LIMIT 1) < ?"
    " ORDER BY p.name COLLATE NOCASE, p.id"
)


def bare() -> None:
    """The smallest Textual application."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("ready to begin")

    Bare().run()


def table() -> None:
    """A DataTable of fifty rows."""
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    class Fifty(App[None]):
        def compose(self) -> ComposeResult:
            yield DataTable(cursor_type="row")

        def on_mount(self) -> None:
            found = self.query_one(DataTable)
            found.add_columns("Code", "Name", "Territory", "Last order", "12 months")
            for n in range(50):
                found.add_row(f"C{n:06}", f"Partner {n:06}", "North", f"{n} days", f"{n * 1000:,}.00")
            found.focus()

    Fifty().run()


def parse(path: str, out: str) -> None:
    """calamine and executemany into indexed tables: the least an import can do."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    rows = book.get_sheet_by_name("Orders").to_python()
    conn = sqlite3.connect(out, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    columns = ", ".join(f"c{n}" for n in range(len(rows[0])))
    conn.execute(f"CREATE TABLE orders(id INTEGER PRIMARY KEY, {columns})")
    conn.execute("CREATE INDEX fact ON orders(c2, c1, c3)")
    conn.execute("CREATE UNIQUE INDEX ref ON orders(c2, c0, c1)")
    conn.execute("CREATE INDEX day ON orders(c2, c1)")
    conn.execute("BEGIN")
    conn.executemany(
        f"INSERT INTO orders({columns}) VALUES ({', '.join('?' * len(rows[0]))})",
        ([v.isoformat() if hasattr(v, "isoformat") else v for v in row] for row in rows[1:]),
    )
    conn.execute("COMMIT")


def read(path: str) -> None:
    """calamine's parse of the first sheet alone."""
    from python_calamine import CalamineWorkbook

    CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def partners(path: str, out: str) -> None:
    """calamine and executemany into a table with the indexes that partners have."""
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    conn = sqlite3.connect(out, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    columns = ", ".join(f"c{n}" for n in range(len(rows[0])))
    conn.execute(f"CREATE TABLE partners(id INTEGER PRIMARY KEY, key, {columns})")
    conn.execute("CREATE UNIQUE INDEX code ON partners(c0)")
    conn.execute("CREATE INDEX name ON partners(c1 COLLATE NOCASE)")
    conn.execute("CREATE INDEX name_key ON partners(key)")
    conn.execute("BEGIN")
    conn.executemany(
        f"INSERT INTO partners(key, {columns}) VALUES ({', '.join('?' * (len(rows[0]) + 1))})",
        ([str(row[1]).lower(), *(v.isoformat() if hasattr(v, "isoformat") else v for v in row)] for row in rows[1:]),
    )
    conn.execute("COMMIT")


def pandas(path: str, out: str) -> None:
    """The first job as most people do it: every sheet read by pandas with openpyxl, and written to SQLite."""
    import pandas  # of the environment that make bench sets apart

    conn = sqlite3.connect(out)
    for name, sheet in pandas.read_excel(path, sheet_name=None, engine="openpyxl").items():
        sheet.to_sql(name, conn, if_exists="replace")
    conn.commit()


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    every: dict[str, Callable[..., None]] = {
        "bare": bare, "table": table, "parse": parse, "partners": partners, "pandas": pandas, "read": read
    }  # fmt: skip
    every[name](*arguments)
