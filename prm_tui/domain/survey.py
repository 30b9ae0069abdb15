"""What a folder of spreadsheets holds, found before anything is imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

KINDS = {
    "unreadable": "Cannot be read",
    "copy": "Copies",
    "superseded": "Superseded",
    "version": "Versions",
    "missing": "Missing periods",
    "names": "Several names",
    "contradiction": "Contradictions",
    "question": "Questions",
}
"""What can be found, in the order in which it is shown."""


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing: its kind (of KINDS), what it is about, what is said, and where it stands."""

    kind: str
    about: str
    said: str
    where: str = ""


@dataclass
class FoundSheet:
    """One sheet of a folder. `fate` is take, copy, superseded, left out or unreadable."""

    file: str
    sheet: str
    what: str
    why: str
    rows: int
    first_on: date | None = None
    last_on: date | None = None
    fate: str = "take"

    @property
    def place(self) -> str:
        """File and sheet, as they are named to a person."""
        return f"{self.file} · {self.sheet}"


@dataclass
class Survey:
    """The sheets of a folder, what was found about them, and in which order to import which files."""

    folder: str
    files: int = 0
    sheets: list[FoundSheet] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Finding]:
        """The findings of one kind."""
        return [finding for finding in self.findings if finding.kind == kind]

    def sentences(self) -> Iterator[str]:
        """The survey as lines of text, the most important first; long lists are cut, and that is said."""
        kinds: dict[str, tuple[int, int]] = {}
        for sheet in self.sheets:
            if sheet.fate == "take":
                count, rows = kinds.get(sheet.what, (0, 0))
                kinds[sheet.what] = count + 1, rows + sheet.rows
        yield f"{self.files:,} files, {len(self.sheets):,} sheets in {self.folder}. Nothing was imported."
        for what, (count, rows) in sorted(kinds.items()):
            yield f"  {what}: {count:,} sheet{'s' if count > 1 else ''}, {rows:,} rows"
        for kind, title in KINDS.items():
            found = self.of(kind)
            if found:
                yield ""
                yield f"{title} ({len(found):,})"
                for finding in found[:12]:
                    yield f"  {finding.about}: {finding.said}" + (f"  [{finding.where}]" if finding.where else "")
                if len(found) > 12:
                    yield f"  and {len(found) - 12:,} more"
        if self.order:
            yield ""
            yield "Import in this order"
            yield from (f"  {n}. {step}" for n, step in enumerate(self.order, 1))
