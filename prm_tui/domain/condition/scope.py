"""What a name stands for at a place: a field, a kind, a window; and the arguments of a fact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from prm_tui.domain.condition.catalogue import (
    ACTIVITY_FIELDS,
    BY_NAME,
    CASE,
    CLASSES,
    RECORD_FIELDS,
    TAG,
    TODAY,
    Catalogue,
    Field,
    Kind,
)
from prm_tui.domain.condition.error import ConditionError
from prm_tui.domain.condition.tree import Argument, Call, Name, Node, Number
from prm_tui.domain.condition.windows import NAMES, PERIODS, Window
from prm_tui.domain.text import nearest


@dataclass(frozen=True)
class Reference:
    """A field and whose it is: of the row a `where` looks at, of the subject, of the partner, or of the day itself."""

    owner: str
    field: Field


@dataclass(frozen=True)
class Selector:
    """Rows of one table: of these kinds (none named: of any), those that meet `where`."""

    table: str
    kinds: tuple[Kind, ...]
    label: str
    fields: dict[str, Field]
    where: Node | None = None

    @property
    def dated(self) -> str | None:
        """The column that says when, or None for tags."""
        return {"activity": "occurred_on", "record": "starts_on", "case": "opened_on"}.get(self.table)


@dataclass(frozen=True)
class Scope:
    """A place in a condition. `row` is what the nearest `where` looks at; `trigger` allows changed and crosses.

    `dates` may be named where no field has their name: today, and what a gate knows of its case.
    """

    catalogue: Catalogue
    subject: Kind | None = None
    row: Selector | None = None
    trigger: bool = False
    dates: tuple[Field, ...] = (TODAY,)

    def inside(self, selector: Selector) -> Scope:
        """The place after this selector's `where`."""
        return replace(self, row=selector)

    def reference(self, name: Name) -> Reference:
        """The field a name means. ConditionError with the nearest name when there is none."""
        parts = name.parts
        owners = self._owners()
        if parts[0] == "partner" and len(parts) > 1:
            owners, parts = owners[-1:], parts[1:]
        if parts[0] == "subject" and len(parts) > 1:
            owners, parts = owners[-1 if self.subject is None else -2 :][:1], parts[1:]
        if parts[0] == "custom" and len(parts) == 2:
            parts = parts[1:]
        if len(parts) == 1:
            for owner, fields in owners:
                if parts[0] in fields:
                    return Reference(owner, fields[parts[0]])
        for day in self.dates:
            if name.said == day.key:
                return Reference("day", day)
        raise self._unknown(name, [key for _, fields in owners for key in fields])

    def _owners(self) -> list[tuple[str, dict[str, Field]]]:
        owners: list[tuple[str, dict[str, Field]]] = []
        if self.row is not None:
            owners.append(("row", self.row.fields))
        if self.subject is not None:
            owners.append(("subject", dict(self.subject.fields)))
        return [*owners, ("partner", dict(self.catalogue.partner))]

    def _unknown(self, name: Name, fields: list[str]) -> ConditionError:
        said = name.said
        if said in BY_NAME:
            return ConditionError(
                f"“{said}” is a fact and needs its brackets", name.at, suggestion=BY_NAME[said].example
            )
        if len(name.parts) == 1 and said in self.kinds():
            return ConditionError(
                f"“{said}” is a kind, not a value", name.at, expected=f"a fact about it, such as count({said}, 90)"
            )
        if name.parts[0] in ("partner", "subject") and len(name.parts) == 2:
            fields = [f"{name.parts[0]}.{key}" for key in fields]
        like = nearest(said, [*fields, *self.catalogue.named, *(day.key for day in self.dates)])
        return ConditionError(f"there is no field “{said}”", name.at, suggestion=like)

    def kinds(self) -> list[str]:
        """Every name a selector may be."""
        return [*self.catalogue.activities, *self.catalogue.records, "case", "tag", *CLASSES, "any"]

    def selector(self, argument: Argument, fact: str, *, first: str = "activity") -> tuple[Selector, tuple[str, ...]]:
        """The rows an argument selects, and the names after the kind (order.amount: amount).

        `first` is the table that wins where a kind of activity and a kind of record have one name.
        """
        name = argument.value
        if not isinstance(name, Name):
            raise ConditionError(
                f"{fact} speaks of a kind", name.at, expected="a kind, such as order, agreement, commercial or any"
            )
        kind, rest = name.parts[0], name.parts[1:]
        found = self._select(kind, first)
        if found is None:
            raise ConditionError(f"there is no kind “{kind}”", name.at, suggestion=nearest(kind, self.kinds()))
        return replace(found, where=argument.where), rest

    def _select(self, name: str, first: str) -> Selector | None:
        tables = {"activity": self.catalogue.activities, "record": self.catalogue.records}
        order = ("record", "activity") if first == "record" else ("activity", "record")
        for table in order:
            kind = tables[table].get(name)
            if kind is not None:
                return Selector(table, (kind,), kind.label, _all_fields(table, kind))
        if name in ("case", "tag"):
            kind = CASE if name == "case" else TAG
            return Selector(name, (), kind.label, dict(kind.fields))
        if name == "any":
            return Selector("activity", (), "any activity", dict(ACTIVITY_FIELDS))
        if name in CLASSES:
            kinds = tuple(k for k in self.catalogue.activities.values() if k.signal == name)
            return Selector("activity", kinds, f"{name} activity", dict(ACTIVITY_FIELDS)) if kinds else None
        return None

    def window(self, argument: Argument, fact: str) -> Window:
        """The window an argument names."""
        node = argument.value
        if argument.where is not None:
            raise ConditionError("a window has no where", argument.where.at)
        if isinstance(node, Number) and not node.percent and node.value == int(node.value):
            return Window(days=int(node.value))
        if isinstance(node, Name) and node.said in NAMES:
            return Window(period=node.said)
        wanted = f"a window: a number of days, or {', '.join(NAMES)}"
        like = nearest(node.said, NAMES) if isinstance(node, Name) else None
        raise ConditionError(f"{fact} needs a window here", node.at, expected=wanted, suggestion=like)

    def period(self, argument: Argument) -> str:
        """The period an argument names: week, month, quarter or year."""
        node = argument.value
        if isinstance(node, Name) and node.said in PERIODS:
            return node.said
        raise ConditionError("held counts whole periods", node.at, expected=", ".join(PERIODS))


def _all_fields(table: str, kind: Kind) -> dict[str, Field]:
    return {**(ACTIVITY_FIELDS if table == "activity" else RECORD_FIELDS), **kind.fields}


def need(call: Call, least: int, most: int) -> None:
    """Refuse a fact with too few or too many arguments."""
    if least <= len(call.arguments) <= most:
        return
    fact = BY_NAME[call.fact]
    what = "too few" if len(call.arguments) < least else "too many"
    raise ConditionError(f"{what} arguments: it is written {fact.form}", call.at, suggestion=fact.example)


def fact_named(call: Call, others: Iterable[str] = ()) -> str:
    """The name of a fact the language has. ConditionError with the nearest otherwise."""
    if call.fact not in BY_NAME:
        raise ConditionError(
            f"there is no fact “{call.fact}”", call.at, suggestion=nearest(call.fact, [*BY_NAME, *others])
        )
    return call.fact
