"""Two rows of a list turn out to be one company: they are joined, both codes find it, and undo takes them apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.services import contacts, exchange, files, history, partners, timeline
from storage import Store

DAY = date(2026, 3, 1)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Store]:
    with files.open_file(tmp_path / "p.db", create=True) as store:
        for code, name, territory in (("A", "Acme", ""), ("B", "Acme Ltd", "West")):
            fields = {"code": code, "name": name, "territory": territory}
            partner = partners.add(store, fields, actor=None, as_of=DAY)
            timeline.log(store, partner, "order", on=DAY, amount=Decimal(10), ref="SAME", actor=None, as_of=DAY)
            timeline.log(store, partner, "order", on=DAY, amount=Decimal(5), ref=code, actor=None, as_of=DAY)
            contacts.add(store, partner, {"name": f"Ann {code}"}, actor=None, as_of=DAY)
        yield store


def picture(store: Store) -> list[tuple[object, ...]]:
    return store.conn.execute(
        "SELECT p.code, p.territory, p.joined_into, (SELECT count(*) FROM contacts c WHERE c.partner_id = p.id),"
        " (SELECT group_concat(ref) FROM activities a WHERE a.partner_id = p.id AND superseded_at IS NULL)"
        " FROM partners p ORDER BY p.code"
    ).fetchall()


def test_all_of_it_moves_and_comes_apart_again(two: Store) -> None:
    before = picture(two)
    keep, other = partners.resolve(two, "A"), partners.resolve(two, "B")
    change, moved = partners.join(two, keep, other, actor=None, as_of=DAY)
    assert (moved["contacts"], moved["activities"]) == (1, 2)
    assert partners.resolve(two, "B") == partners.resolve(two, "Acme Ltd") == keep
    assert partners.find(two, as_of=DAY).total == 1
    (row, hidden) = picture(two)
    assert row[:2] == ("A", "West") and row[3] == 2 and sorted(str(row[4]).split(",")) == ["A", "B", "SAME"]
    assert hidden[2:] == (keep, 0, None)
    history.undo(two, change, actor=None, as_of=DAY)
    assert picture(two) == before and partners.resolve(two, "B") == other


def test_what_arrives_under_the_old_code_goes_to_the_one_that_stayed(two: Store, tmp_path: Path) -> None:
    keep, other = partners.resolve(two, "A"), partners.resolve(two, "B")
    partners.join(two, keep, other, actor=None, as_of=DAY)
    path = tmp_path / "orders.csv"
    path.write_text("Order No,Order Date,Dealer No,Amount\nN1,2026-02-02,B,7\n", encoding="utf-8")
    with exchange.read(two, [path]) as reading:
        exchange.commit(two, reading, actor=None, as_of=DAY)
    assert two.conn.execute("SELECT partner_id FROM activities WHERE ref = 'N1'").fetchone() == (keep,)


def test_one_partner_cannot_be_joined_with_itself(two: Store) -> None:
    keep = partners.resolve(two, "A")
    with pytest.raises(UsageError, match="are one partner already"):
        partners.join(two, keep, keep, actor=None, as_of=DAY)
