"""Kinds of activity and record that packs have brought: by their labels sheets are known, by their fields columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from importers import aliases


@dataclass(frozen=True)
class OwnKind:
    """A kind of activity or record the file knows: `what` (record:KIND), how it is called, the keys of its own fields."""

    what: str
    label: str
    fields: frozenset[str] = frozenset()

    def titled(self, title: str) -> bool:
        """Whether a sheet of this title says that its rows are of this kind: its label or name, one or many of them."""
        names = {aliases.words(self.label), aliases.words(self.what.partition(":")[2])}
        return title in {
            form for name in names for form in (name, f"{name}s", f"{name}es", f"{name.removesuffix('y')}ies")
        }

    def called(self, header: str) -> bool:
        """Whether a column is called like the kind itself, where it is one of record: a customer, a deal."""
        return self.what.startswith("record") and aliases.words(header) == aliases.words(self.label)

    def field(self, key: str) -> str | None:
        """The field of its own that a key is, however its words are joined: renewal_opt_out_days is renewal_optout_days."""
        joined = key.replace("_", "")
        if self.money and key.replace("_", " ") in aliases.STATUS:
            return "status"
        return key if key in self.fields else next((f for f in self.fields if f.replace("_", "") == joined), None)

    @property
    def money(self) -> bool:
        """Whether it is one of the kinds that every file books into its ledger."""
        return self.what.removeprefix("activity:") in aliases.MONEY_KINDS

    def spelt(self) -> dict[str, tuple[str, ...]]:
        """What its label says of columns: a sale no refers to a retail sale, a submission is named beneath its label."""
        if self.money:
            return aliases.MONEY
        label = aliases.words(self.label)
        if not label:
            return {}
        refs = tuple(f"{said} {key}" for said in dict.fromkeys((label, label.split()[-1])) for key in aliases.KEY_WORDS)
        return {"ref": refs, "name": (label,)} if self.what.startswith("record") else {"ref": refs}


def named(kinds: Sequence[OwnKind], sheet: str, *, dated: bool, lasting: bool, several: bool) -> OwnKind | None:
    """The kind that a sheet is called after, figures in its name left out; of an activity only where its rows are dated.

    Where a record and an activity have one label, `lasting` says which is meant. What is called like partners is none, but
    where `several` of its rows are of one partner: customers, with the reseller that serves each.
    """
    title = " ".join(word for word in aliases.words(sheet).split() if not word.isdigit())
    if title.removesuffix("s") in aliases.PARTNER_WORDS and not several:
        return None
    table = "record" if lasting else "activity"
    found = [kind for kind in kinds if kind.titled(title) and (dated or kind.what.startswith("record"))]
    return min(found, key=lambda kind: not kind.what.startswith(table), default=None)
