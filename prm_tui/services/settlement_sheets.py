"""A settlement as sheets: every sum is a formula over the lines of the ledger, these say from which row they come."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from prm_tui.domain.money import SCALE
from prm_tui.domain.settlement import CLAWBACK, EARNED, ITEMS, OPEN, PAYOUT, TAIL, Line, Origin, Statement
from prm_tui.domain.sheet import Live, OutColumn, OutSheet

SETTLEMENT, LINES, FUNDS, TAIL_SHEET, SINCE = "Settlement", "Ledger lines", "Funds", "Tail", "Since approval"
_HOW = {
    "earned": "lines until the effective moment that are locked, as they stand in the sheet of lines",
    "paid": "payouts, or the lines that are marked as paid where these come to more; less what came back of clawbacks",
    "clawback": "lines that take back what was paid, or that are negative by themselves",
    "unspent": "funds given less what was spent of them",
    "tail": "locked lines of after the effective moment, within the tail of the agreement",
    "balance": "earned − paid − clawed back − unspent + tail",
    "pending": "lines that are new or on hold and not taken back: to be approved or reversed",
    "with_pending": "balance + pending",
}
_AMOUNT, _CURRENCY, _PART, _PAID, _DAY = "H", "I", "L", "M", "B"
_ORIGIN = ("Reference", "Amount there", "File", "Sheet", "Row")


def sheets(found: Statement) -> list[OutSheet]:
    """The sheets of a statement."""
    made = [_settlement(found), _lines(found), _funds(found), _tail(found)]
    return [*made, _since(found)] if found.approved else made


def _text(*headers: str) -> list[OutColumn]:
    return [OutColumn(header, "skip") for header in headers]


def _money(*headers: str) -> list[OutColumn]:
    return [OutColumn(header, "skip", "money") for header in headers]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _letter(pos: int) -> str:
    """The column at a place (from 0), up to the 702nd."""
    return chr(65 + pos) if pos < 26 else chr(64 + pos // 26) + chr(65 + pos % 26)


def _settlement(found: Statement) -> OutSheet:
    rows: list[list[Any]] = []
    for n, (item, label) in enumerate(ITEMS.items(), 2):
        cells = [
            Live(_sum(item, _letter(c), n, len(found.lines), len(found.funds)), _number(getattr(one, item)))
            for c, one in enumerate(found.sums, 1)
        ]
        rows.append([label, *cells, _HOW[item]])
    blank = [None] * len(found.sums)
    rows += [["", *blank, None], ["Takes effect", *blank, found.effect],
             ["Tail until", *blank, str(found.tail_ends or "none known")], ["As of", *blank, str(found.as_of)]]  # fmt: skip
    rows += [["To be known", *blank, remark] for remark in found.remarks]
    return OutSheet(
        SETTLEMENT, "skip",
        [*_text(f"{found.name} ({found.code}), case {found.case_id}"), *_money(*(one.currency for one in found.sums)),
         *_text("How")], rows,
    )  # fmt: skip


def _sum(item: str, column: str, row: int, lines: int, funds: int) -> str:
    """The formula of an item for the currency that heads a column."""
    at = {key: n for n, key in enumerate(ITEMS, 2)}
    if item == "balance":
        return (f"={column}{at['earned']}-{column}{at['paid']}-{column}{at['clawback']}-{column}{at['unspent']}"
                f"+{column}{at['tail']}")  # fmt: skip
    if item == "with_pending":
        return f"={column}{at['balance']}+{column}{at['pending']}"
    if item == "unspent":
        return f"=SUMPRODUCT({_same(FUNDS, 'E', funds, f'{column}$1')},{_range(FUNDS, 'D', funds)})"
    same = _same(LINES, _CURRENCY, lines, f"{column}$1")
    if item == "paid":
        paid = {part: f"SUMPRODUCT({same},{_part(part, lines)},{_range(LINES, _PAID, lines)})"
                for part in (EARNED, TAIL, PAYOUT, CLAWBACK)}  # fmt: skip
        return f"=MAX({paid[EARNED]}+{paid[TAIL]},{paid[PAYOUT]})+{paid[CLAWBACK]}"
    part = {"earned": EARNED, "clawback": CLAWBACK, "tail": TAIL, "pending": OPEN}[item]
    sign = "-" if item == "clawback" else ""
    return f"={sign}SUMPRODUCT({same},{_part(part, lines)},{_range(LINES, _AMOUNT, lines)})"


def _range(sheet: str, column: str, rows: int) -> str:
    return f"'{sheet}'!${column}$2:${column}${max(rows, 1) + 1}"


def _same(sheet: str, column: str, rows: int, cell: str) -> str:
    """1 where a column says exactly what a cell says: no wildcard, capitals matter."""
    return f"--EXACT({_range(sheet, column, rows)},{cell})"


def _part(part: str, rows: int) -> str:
    return f'--EXACT({_range(LINES, _PART, rows)},"{part}")'


def _lines(found: Statement) -> OutSheet:
    columns = [
        OutColumn("Line", "skip", "number"), OutColumn("Day", "skip", "date"), *_text("Kind", "Rule", "Note"),
        *_money("Basis"), OutColumn("Rate", "skip", "number"), *_money("Amount"), *_text("Currency", "State"),
        OutColumn("Takes back line", "skip", "number"), *_text("Counts as"), *_money("Paid"), *_origin_columns(),
    ]  # fmt: skip
    rows = [[line.id, line.on.isoformat(), line.kind, line.rule, line.note, _basis(line, n), _number(line.rate),
             _amount(line, n), line.currency, line.state, line.reverses, line.part,
             Live(f'=IF(EXACT(J{n},"paid"),{_AMOUNT}{n},0)', _number(line.paid)), *_origin(line.origin)]
            for n, line in enumerate(found.lines, 2)]  # fmt: skip
    return OutSheet(LINES, "skip", columns, rows)


def _origin_columns() -> list[OutColumn]:
    types = {"Amount there": "money", "Row": "number"}
    return [OutColumn(header, "skip", types.get(header, "text")) for header in _ORIGIN]


def _origin(origin: Origin) -> list[Any]:
    return [origin.ref, _number(origin.amount), origin.file, origin.sheet, origin.row]


def _basis(line: Line, row: int) -> Any:
    """What the rate is of: the amount of the source row, where it is that."""
    value = _number(line.basis)
    return Live(f"=O{row}", value) if line.basis is not None and line.basis == line.origin.amount else value


def _amount(line: Line, row: int) -> Any:
    """Rate times basis where that is what the line says, or the negative of it where the line takes another back."""
    value = _number(line.amount)
    if line.basis is None or line.rate is None:
        return value
    made = (line.basis * line.rate * SCALE).quantize(Decimal(1), ROUND_HALF_EVEN) / SCALE
    sign = "" if made == line.amount else "-" if -made == line.amount else None
    return value if sign is None else Live(f"={sign}ROUND(F{row}*G{row},4)", value)


def _funds(found: Statement) -> OutSheet:
    columns = [*_text("Fund"), *_money("Given", "Spent", "Unspent"), *_text("Currency", "Status", "File", "Sheet"),
               OutColumn("Row", "skip", "number")]  # fmt: skip
    rows = [[fund.name, _number(fund.given), _number(fund.spent),
             Live(f'=IF(C{n}="",0,B{n}-C{n})', _number(fund.unspent)), fund.currency, fund.status,
             fund.origin.file, fund.origin.sheet, fund.origin.row] for n, fund in enumerate(found.funds, 2)]  # fmt: skip
    return OutSheet(FUNDS, "skip", columns, rows)


def _tail(found: Statement) -> OutSheet:
    """The months of the tail, then the open deals that may still bring something in it."""
    columns = [OutColumn("From", "skip", "date"), OutColumn("Until", "skip", "date"), *_text("Currency"), *_money("Earned so far"),
               *_text("Open, may still count")]  # fmt: skip
    n_lines = len(found.lines)
    days = _range(LINES, _DAY, n_lines)
    rows: list[list[Any]] = []
    for n, month in enumerate(found.months, 2):
        within = f"--({days}>=A{n}),--({days}<=B{n})"
        made = f"=SUMPRODUCT({_same(LINES, _CURRENCY, n_lines, f'C{n}')},{_part(TAIL, n_lines)},{within},"
        rows.append([month.begins.isoformat(), month.ends.isoformat(), month.currency,
                     Live(made + f"{_range(LINES, _AMOUNT, n_lines)})", _number(month.amount)), None])  # fmt: skip
    rows += [[None, None, None, None, deal] for deal in found.deals] if found.tail_ends else []
    return OutSheet(TAIL_SHEET, "skip", columns, rows)


def _since(found: Statement) -> OutSheet:
    """What is otherwise than in the statement that was approved."""
    assert found.approved is not None
    place = {one.currency: _letter(n) for n, one in enumerate(found.sums, 1)}
    at = {item: n for n, item in enumerate(ITEMS, 2)}
    rows: list[list[Any]] = []
    for n, d in enumerate(found.differences, 2):
        now = (
            Live(f"='{SETTLEMENT}'!{place[d.currency]}{at[d.item]}", _number(d.now))
            if d.currency in place
            else _number(d.now)
        )
        rows.append(
            [d.currency, ITEMS[d.item], _number(d.before), now, Live(f"=D{n}-C{n}", _number(d.now - d.before)), None]
        )
    rows += [[line.currency, f"new line {line.id}: {line.kind}", None, _number(line.amount), None, line.on.isoformat()]
             for line in found.new_lines]  # fmt: skip
    columns = [*_text("Currency", "Item"), *_money("Approved", "Now", "Difference"), OutColumn("Day", "skip", "date")]
    return OutSheet(SINCE, "skip", columns, rows)
