"""Data of the measurements: made with a fixed seed, the same every time."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

from prm_tui.services import files

SEED = 20131129
AS_OF = date(2026, 3, 31)


def large_file(path: Path, partners: int = 100_000, activities: int = 1_000_000) -> Path:
    """A file with many partners and their orders over three years; every tenth partner never ordered."""
    chance = random.Random(SEED)
    with (
        files.open_file(path, create=True) as store,
        store.change("data to measure with", actor=None, as_of=AS_OF, kind="system") as change,
    ):
        change.conn.execute(
            "INSERT INTO settings(key, value, change_id) VALUES ('demo.as_of', ?, ?)", (AS_OF.isoformat(), change.id)
        )
        places = ("North", "South", "East", "West", "Centre")
        change.conn.executemany(
            "INSERT INTO partners(id, code, name, type, territory, name_key, search, change_id) VALUES (?,?,?,?,?,?,?,?)",
            (
                (n, f"C{n:06}", f"Partner {n:06} {chance.choice(places)}", "Reseller", chance.choice(places), f"partner {n:06}",
                 f"c{n:06} partner {n:06} reseller", change.id)
                for n in range(1, partners + 1)
            ),
        )  # fmt: skip
        days = [(AS_OF - timedelta(days=n)).isoformat() for n in range(1100)]
        orderly = [n for n in range(1, partners + 1) if n % 10]
        change.conn.executemany(
            "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, amount, ref, change_id) VALUES (?,'order',?,?,?,?,?)",
            (
                (
                    chance.choice(orderly),
                    days[int(1100 * chance.random() ** 0.7) % 1100],
                    change.at,
                    chance.randrange(10**8),
                    f"R{n}",
                    change.id,
                )
                for n in range(activities)
            ),
        )
    return path


def workbook(path: Path, rows: int = 100_000) -> Path:
    """A sheet of order lines with 15 columns, and one of the partners they name."""
    import xlsxwriter

    chance = random.Random(SEED)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("Partners")
        sheet.write_row(0, 0, ["PartnerCode", "PartnerName", "Territory"])
        for n in range(2_000):
            sheet.write_row(n + 1, 0, [f"C{n:05}", f"Partner {n:05}", chance.choice(("North", "South"))])
        sheet = book.add_worksheet("Orders")
        sheet.write_row(0, 0, ["OrderNumber", "OrderDate", "PartnerCode", "Amount", "Quantity", "Product", "Colour", "Size", "Cost",
                               "Tax", "Freight", "Carrier", "Channel", "Region", "Comment"])  # fmt: skip
        for n in range(rows):
            day = AS_OF - timedelta(days=chance.randrange(1000))
            sheet.write_row(
                n + 1, 0,
                [f"SO{n}", day, f"C{chance.randrange(2_000):05}", chance.randrange(100_000) / 100, chance.randrange(1, 9),
                 f"Product {n % 300}", chance.choice(("red", "black")), n % 60, chance.randrange(9999) / 100, 0.08, 4.5, "Post",
                 "Web", chance.choice(("N", "S")), f"line {n}"],
            )  # fmt: skip
    return path
