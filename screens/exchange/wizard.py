"""A workbook in: choose the file, see how it is understood, correct that, see what would change, take it."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, ProgressBar, Static

from prm_tui.commands import bindings
from prm_tui.domain.errors import PrmError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.mapping import SheetPlan, targets
from prm_tui.services import exchange, records, timeline
from prm_tui.services.exchange import Reading
from screens.base import PrmScreen
from screens.exchange import questions
from screens.exchange.rows import FILTERS, OUTCOME_COLUMNS, SHEET_COLUMNS, column_line, noun, outcome, sentence
from screens.modals.choose import Choice, Choose
from screens.modals.confirm import Confirm
from screens.text import plain, steps, visible
from screens.widgets.table import Line, Table

STEPS = ("File", "Sheets and columns", "What would change", "Taken")
_MEANINGS = {
    "data": "kept under its own name",
    "skip": "left out",
    "partner": "which partner",
    "occurred_on": "the day it happened",
}


class ImportScreen(PrmScreen):
    """See the module. Nothing is written before the last step."""

    mode = "exchange"
    place = "import"
    DEFAULT_CSS = """
    ImportScreen #steps { height: 1; padding: 0 2; margin: 1 0; }
    ImportScreen #file { height: 4; padding: 0 3; }
    ImportScreen #path { background: $panel; margin: 0 3; }
    ImportScreen #path:focus { background: $selection; }
    ImportScreen Table { height: 1fr; margin: 0 1; display: none; }
    ImportScreen #bar { display: none; padding: 0 3; height: 1; }
    ImportScreen #hint { height: auto; max-height: 6; padding: 0 3; margin-bottom: 1; color: $muted; }
    """
    BINDINGS: ClassVar = bindings("import")

    def __init__(self, path: Path | None = None, said: Content | None = None) -> None:
        super().__init__()
        self.path, self.said = path, said
        self.at = 0
        self.reading: Reading | None = None
        self.report: ImportReport | None = None
        self.stop = Event()
        self.busy = False
        self.opened: set[int] = set()
        self.unfolded: set[int] = set()
        self.shown = 0
        self.choices = Choices()

    def body(self) -> ComposeResult:
        """Steps; the field for the file; the table of the step; progress; what can be done."""
        yield Static("", id="steps", markup=False)
        yield Static(
            Content.assemble(
                ("Which workbook?\n", "bold $bright"),
                ("xlsx, xlsm, xlsb, xls, ods, csv or tsv; several with a semicolon between them.\n", "$muted"),
                (
                    "enter reads it, ctrl+o (or tab, then f) looks for it on the disk. Reading changes nothing.",
                    "$muted",
                ),
            ),
            id="file",
        )
        yield Input(value=str(self.path or ""), placeholder="path of a workbook", id="path")
        yield Table(id="lines")
        yield ProgressBar(id="bar", show_eta=False, show_percentage=False)
        yield Static("", id="hint", markup=False)

    def on_mount(self) -> None:
        """The field has the keys."""
        field = self.query_one("#path", Input)
        field.cursor_blink = False
        field.focus()
        self._draw()

    def on_unmount(self) -> None:
        """What was staged is thrown away."""
        self.stop.set()
        if self.reading is not None:
            self.reading.close()

    # ---- drawing ----

    def _draw(self) -> None:
        self.query_one("#steps", Static).update(steps(STEPS, self.at))
        self.query_one("#file").display = self.query_one("#path").display = self.at == 0
        table = self.query_one(Table)
        table.display = self.at > 0
        if self.at == 1:
            table.fill(SHEET_COLUMNS, self._sheets())
        elif self.at >= 2 and self.report is not None:
            table.fill(OUTCOME_COLUMNS, outcome(self.report, self.choices, self.unfolded, FILTERS[self.shown]))
        self.query_one("#hint", Static).update(self._hint())
        if self.at:
            table.focus()

    def _sheets(self) -> dict[Any, Line]:
        assert self.reading is not None
        lines: dict[Any, Line] = {}
        for plan in self.reading.plans:
            sign = "▾ " if plan.id in self.opened else "▸ "
            colour = "muted" if plan.noun == "skip" else "bright"
            lines[plan.id] = Line(
                (
                    (sign + visible(plan.sheet), colour),
                    (noun(plan), colour),
                    (f"{plan.rows:,}", "text"),
                    (visible(plan.why), "muted"),
                )
            )
            if plan.id in self.opened:
                for column in plan.columns:
                    lines[plan.id, column.pos] = column_line(column)
        return lines

    def _hint(self) -> Content:
        parts: list[Content] = [self.said] if self.at == 0 and self.said is not None else []
        if self.at == 1 and self.reading is not None:
            for question in self.reading.questions:
                parts.append(plain(f"? {question.sheet}: {question.text}", "warn"))
            parts.append(
                Content(
                    "enter opens a sheet to its columns and changes what a column means; on an open sheet t changes what it is."
                )
            )
            parts.append(Content("> shows what would change."))
        elif self.at == 2 and self.report is not None:
            if self.report.nothing_new and not questions.still_open(self.report, self.choices):
                parts.append(plain("Everything in it is here already: there is nothing to take.", "good"))
            else:
                asked = questions.still_open(self.report, self.choices)
                if asked:
                    parts.append(plain(f"{asked:,} open: enter on a question answers it.", "warn"))
                parts.append(
                    Content(
                        f"enter opens a sheet to what is behind it. / shows only one thing (now: {FILTERS[self.shown]})."
                    )
                )
                parts.append(Content("> takes it, as one change that u takes back."))
        elif self.at == 3:
            parts.append(Content("esc leaves. u takes the import back."))
        return Content("\n").join(parts)

    # ---- the file ----

    def on_input_submitted(self) -> None:
        """Enter reads the files."""
        said = self.query_one("#path", Input).value
        paths = [Path(p.strip().strip("'\"")).expanduser() for p in said.split(";") if p.strip()]
        if paths:
            self.start(lambda: self._read(paths), "read")

    def action_pick(self) -> None:
        """Look for the file on the disk."""
        if self.at == 0:
            self.start(self._pick, "pick")

    async def _pick(self) -> None:
        from textual_fspicker import FileOpen, Filters

        wanted = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".txt"}
        filters = Filters(("Workbooks", lambda p: p.suffix.lower() in wanted), ("Everything", lambda _: True))
        path = await self.prm.push_screen_wait(FileOpen(".", filters=filters))
        if path is not None:
            self.query_one("#path", Input).value = str(path)
            await self._read([path])

    def _begin(self, said: str) -> None:
        self.stop.clear()
        self.busy = True
        bar = self.query_one(ProgressBar)
        bar.update(total=None, progress=0)
        bar.display = True
        self._say(said)

    def _say(self, said: str) -> None:
        self.query_one("#hint", Static).update(plain(said, "accent"))

    def _end(self) -> None:
        self.busy = False
        self.query_one(ProgressBar).display = False

    async def _read(self, paths: list[Path]) -> None:
        names = ", ".join(p.name for p in paths)
        self._begin(f"Reading {names} … esc stops it.")

        def progress(rows: int) -> None:
            self.prm.call_from_thread(self._say, f"Reading {names}: {rows:,} rows … esc stops it.")

        try:
            reading = await self.prm.gateway.write(
                lambda s: exchange.read(s, paths, on_progress=progress, cancelled=self.stop.is_set)
            )
        except PrmError as error:
            self._end()
            self._draw()
            self.query_one("#hint", Static).update(plain(str(error), "bad"))
            return
        self._end()
        if self.reading is not None:
            self.reading.close()
        self.reading, self.at = reading, 1
        known = "saved mapping"  # nothing new to look at in a sheet whose columns were settled before
        self.opened = {p.id for p in reading.plans if p.noun != "skip" and (p.missing() or known not in p.why)}
        self._draw()

    # ---- sheets and columns ----

    def on_table_opened(self, event: Table.Opened) -> None:
        """A sheet opens to its columns, a column to its meanings, an outcome to what stands behind it."""
        self.start(lambda: self._open(event.key), "open")

    async def _open(self, key: Any) -> None:
        if self.at >= 2:
            await self._open_outcome(key)
        elif isinstance(key, tuple):
            await self._change_column(*key)
        else:
            self.opened ^= {key}
            self._draw()

    def action_sheet(self) -> None:
        """What the selected sheet is."""
        if self.at == 1:
            self.start(self._change_sheet, "open")

    def _plan(self, sheet_id: int) -> SheetPlan:
        assert self.reading is not None
        return next(p for p in self.reading.plans if p.id == sheet_id)

    async def _change_sheet(self) -> None:
        assert self.reading is not None
        key = self.query_one(Table).current
        plan = self._plan(key[0] if isinstance(key, tuple) else key)
        kinds = await self.read(timeline.known_kinds)
        choices = [Choice("partners", "Partners"), Choice("people", "Our own people"), Choice("skip", "Left out")]
        choices.append(Choice("contacts", "Contacts", "persons at partners"))
        choices += [Choice(f"activity:{kind}", f"Activities: {label}") for kind, label in kinds.items()]
        kept = await self.read(records.known_kinds)
        choices += [Choice(f"record:{kind}", f"Records: {label}") for kind, label in kept.items()]
        picked = await self.prm.push_screen_wait(Choose(f"What is {visible(plan.sheet)[:60]}?", choices))
        if picked is not None:
            self.reading.replan(exchange.with_kind(plan, picked))
            self.opened.add(plan.id)
            self._draw()

    async def _change_column(self, sheet_id: int, pos: int) -> None:
        assert self.reading is not None
        plan = self._plan(sheet_id)
        column = next(c for c in plan.columns if c.pos == pos)
        meanings = [*targets(plan.what), "data", "skip"]
        choices = [Choice(m, m.replace("_", " "), _MEANINGS.get(m, "")) for m in meanings]
        title = f"What is {visible(column.header)[:60]}, for example {visible(column.example)[:40]}?"
        picked = await self.prm.push_screen_wait(Choose(title, choices))
        if picked is not None:
            self.reading.replan(plan.with_target(column.header, picked, "as you said"))
            self._draw()

    # ---- the outcome ----

    async def _open_outcome(self, key: Any) -> None:
        assert self.report is not None
        if not isinstance(key, tuple):
            self.unfolded ^= {key}
        elif self.at == 2 and key[1] in ("doubt", "cell"):
            self.choices = await questions.answer(self, self.report.sheets[key[0]], key, self.choices)
        else:
            self.prm.push_screen(questions.behind(self.report.sheets[key[0]]))
            return
        self._draw()

    def action_filter(self) -> None:
        """Show only one thing: questions, changed cells, refused rows; or everything."""
        if self.at >= 2 and self.report is not None:
            self.shown = (self.shown + 1) % len(FILTERS)
            self.unfolded = set(range(len(self.report.sheets)))
            self._draw()

    def action_errors(self) -> None:
        """The refused rows as a workbook."""
        if self.at >= 2 and self.report is not None:
            reading, report = self.reading, self.report
            assert reading is not None
            self.start(lambda: questions.write_refused(self, reading, report), "errors")

    async def _preview(self) -> None:
        reading = self.reading
        assert reading is not None
        self._begin("Working out what would change …")
        try:
            self.report = await self.prm.gateway.write(lambda s: exchange.preview(s, reading))
        finally:
            self._end()
        self.at = 2
        self.unfolded = {n for n, s in enumerate(self.report.sheets) if s.doubts or s.conflicts}
        self._draw()

    async def _commit(self) -> None:
        reading, report = self.reading, self.report
        assert reading is not None and report is not None
        if report.nothing_new and not questions.still_open(self.report, self.choices):
            self.prm.tell("There is nothing to take: everything in it is here already.")
            return
        choices = await questions.decide_rest(self, report, self.choices)
        if choices is None:
            return
        self.choices = choices
        said = Content("\n").join([plain(sentence(s)) for s in report.sheets])
        if not await self.prm.push_screen_wait(Confirm("Take this, as one change?", said, yes="take it", no="not yet")):
            return
        self._begin("Taking it … esc stops it, and nothing is taken.")
        session = self.prm.session

        def progress(sheet: str) -> None:
            self.prm.call_from_thread(self._say, f"Taking {sheet} … esc stops it, and nothing is taken.")

        try:
            self.report = await self.write(
                lambda s: exchange.commit(
                    s, reading, self.choices, actor=session.actor, as_of=session.as_of,
                    cancelled=self.stop.is_set, on_progress=progress,
                )
            )  # fmt: skip
        finally:
            self._end()
            self._draw()
        self.at = 3
        self._draw()
        self.prm.tell(f"Taken as change {self.report.change}. u takes it back.")

    # ---- commands ----

    def action_next(self) -> None:
        """On to what comes next, when there is something to go on with."""
        if self.busy:
            return
        if self.at == 0:
            self.on_input_submitted()
        elif self.at == 1 and self.reading is not None:
            if self.reading.questions:
                self.prm.tell(f"{self.reading.questions[0].sheet}: {self.reading.questions[0].text}", bad=True)
            else:
                self.start(self._preview, "preview")
        elif self.at == 2:
            self.start(self._commit, "commit")

    def action_before(self) -> None:
        """The step before; what was read stays."""
        if not self.busy and self.at in (1, 2):
            self.at -= 1
            self._draw()
            if self.at == 0:
                self.query_one("#path").focus()

    def action_leave(self) -> None:
        """Stop what runs; else leave."""
        if self.busy:
            self.stop.set()
            self._say("Stopping …")
        else:
            self.prm.pop_screen()
