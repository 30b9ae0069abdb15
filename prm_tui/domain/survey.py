"""What a folder of spreadsheets holds, found before anything is imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

KINDS = {
    "unreadable": "Cannot be read",
    "copy": "Copies",
    "superseded": "Superseded",
    "version": "Versions",
    "missing": "Missing periods",
    "numbering": "Keys that mean different partners",
    "names": "Several names",
    "doubled": "The same references twice",
    "contradiction": "Contradictions",
    "question": "Questions",
}
"""What can be found, in the order in which it is shown."""
SHOWN = 12
"""So many lines of a kind are in the text; a workbook has them all."""
_TEXTS = (".csv", ".tsv", ".txt")


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
        """File and sheet, as they are named to a person; a text file is its only sheet."""
        path = PurePosixPath(self.file)
        return self.file if path.stem == self.sheet and path.suffix.lower() in _TEXTS else f"{self.file} · {self.sheet}"


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
            yield f"  {what}: {count:,} sheet{'s' if count > 1 else ''}, {rows:,} row{'s' if rows > 1 else ''}"
        for kind, title in KINDS.items():
            found = self.of(kind)
            if found:
                yield ""
                yield f"{title} ({len(found):,})"
                for finding in found[:SHOWN]:
                    yield f"  {finding.about}: {finding.said}" + (f"  [{finding.where}]" if finding.where else "")
                if len(found) > SHOWN:
                    yield f"  and {len(found) - SHOWN:,} more"
        yield from self._left_out()
        if self.order:
            yield ""
            yield "Import in this order"
            yield from (f"  {n}. {step}" for n, step in enumerate(self.order, 1))

    def _left_out(self) -> Iterator[str]:
        sheets = [sheet for sheet in self.sheets if sheet.fate == "left out" and sheet.rows]
        if sheets:
            yield ""
            yield f"Left out ({len(sheets):,}); say with --as what they are"
            for sheet in sheets[:SHOWN]:
                yield f"  {sheet.place}, {sheet.rows:,} row{'s' if sheet.rows > 1 else ''}: {sheet.why}"
            if len(sheets) > SHOWN:
                yield f"  and {len(sheets) - SHOWN:,} more"
