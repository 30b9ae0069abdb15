"""A workbook in: choose the file, see how it is understood, correct that, see what would change, take it."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.errors import Cancelled, PrmError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.mapping import SheetPlan
from prm_tui.services import export, headers
from prm_tui.services.reading import Reading
from screens.base import PrmScreen
from screens.exchange import asking, filters, header, hints, merge, questions, recent, work
from screens.exchange.rows import (
    OUTCOME_COLUMNS,
    Samples,
    outcome,
    samples,
    sheet_columns,
    understood,
)
from screens.exchange.working import Working
from screens.text import plain, steps
from screens.widgets.lines import KeyLine
from screens.widgets.table import Table

Result = TypeVar("Result")
STEPS = ("File", "Sheets and columns", "What would change", "Taken")


class ImportScreen(PrmScreen):
    """See the module. Nothing is written before the last step."""

    mode = "exchange"
    place = "import"
    DEFAULT_CSS = """
    ImportScreen #steps { height: 1; padding: 0 2; margin: 1 0; }
    ImportScreen #file { height: 4; padding: 0 3; }
    ImportScreen #path { background: $panel; margin: 0 3 1 3; }
    ImportScreen #path:focus { background: $selection; }
    ImportScreen #title { height: auto; max-height: 2; padding: 0 3; margin-bottom: 1; display: none; }
    ImportScreen Table { height: 1fr; margin: 0 1; display: none; }
    ImportScreen #full { height: auto; min-height: 2; max-height: 4; padding: 0 3; margin-top: 1; display: none; color: $muted; }
    ImportScreen #hint { height: auto; max-height: 4; padding: 0 3; margin: 1 0; color: $muted; }
    ImportScreen.-tight #hint { margin-bottom: 0; }
    """
    BINDINGS: ClassVar = bindings("import")

    def __init__(self, path: Path | None = None, said: Content | None = None) -> None:
        super().__init__()
        self.path, self.said = path, said
        self.at = 0
        self.reading: Reading | None = None
        self.report: ImportReport | None = None
        self.sender: str | None = None
        self.samples: Samples = {}
        self.hint = Static("", id="hint", markup=False)
        self.working = Working(self.hint)
        self.rehearsed: list[float] = []
        self.opened: set[int] = set()
        self.unfolded: set[int] = set()
        self.shown = filters.EVERYTHING
        self.choices = Choices()

    def body(self) -> ComposeResult:
        """Steps; the field for the file and the latest ones; the table of the step; progress; what can be done."""
        yield Static("", id="steps", markup=False)
        yield Static(
            Content.assemble(
                ("Which workbook?\n", "bold $bright"),
                ("Type or drop it here: xlsx, xlsm, xlsb, xls, ods, csv, tsv; or several.\n",
                 "$muted"),
                ("enter reads it; ctrl+o finds it; ↓ the latest ones. Nothing changes yet.", "$muted"),
            ),
            id="file",
        )  # fmt: skip
        yield recent.PathField(value=str(self.path or ""), placeholder="path of a workbook", id="path")
        yield Static("", id="title", markup=False)
        yield merge.Lines(id="lines")
        yield recent.Recent(id="recent")
        yield Static("", id="full", markup=False)
        yield self.working
        yield self.hint

    def on_mount(self) -> None:
        """The field has the keys."""
        field = self.query_one("#path", recent.PathField)
        field.cursor_blink = False
        field.focus()
        self._draw()

    def on_unmount(self) -> None:
        """What was staged is thrown away."""
        self.working.stop.set()
        if self.reading is not None:
            self.reading.close()

    def on_resize(self) -> None:
        """The width decides how the columns are parted."""
        if self.at:
            self._draw()

    @property
    def busy(self) -> bool:
        """Whether something long runs."""
        return self.working.running

    # ---- drawing ----

    @property
    def merging(self) -> bool:
        """Whether two sides are shown."""
        return self.at >= 2 and self.report is not None and merge.merged(self.report)

    def _draw(self) -> None:
        self.set_class(self.merging and self.size.height < 30, "-tight")
        self.query_one("#steps", Static).update(steps(STEPS, self.at))
        for name in ("#file", "#path"):
            self.query_one(name).display = self.at == 0
        table, latest = self.query_one(merge.Lines), self.query_one(recent.Recent)
        table.display = self.query_one("#full").display = self.at > 0
        table.sides = self.merging and self.at == 2
        latest.display = False
        wide = self.size.width - 3  # its margins and a scrollbar
        if self.at == 0:
            latest.offer()
        elif self.at == 1 and self.reading is not None:
            table.fill(sheet_columns(wide), understood(self.reading, self.opened, self.samples))
        elif self.report is not None and self.merging:
            table.fill(merge.columns(wide), merge.lines(self.report, self.choices, self.shown))
        elif self.report is not None:
            table.fill(OUTCOME_COLUMNS, outcome(self.report, self.choices, self.unfolded, self.shown))
        title = hints.title(self)
        self.query_one("#title", Static).update(plain(title, "bright"))
        self.query_one("#title").display = bool(title)
        self.hint.update(hints.hint(self))
        line = self.query_one(KeyLine)
        line.commands = hints.keys(self)
        line.refresh()
        if self.at:
            table.focus()

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """What the cursor is on in full; of a conflict its values one beneath the other."""
        full, key = self.query_one("#full", Static), event.key
        if self.merging and self.report is not None and isinstance(key, tuple) and key[1] == "cell":
            sheet = self.report.sheets[key[0]]
            full.update(merge.in_full(sheet, sheet.cells[key[2]], self.choices))
        elif self.at:
            line = event.table.line(key) if key is not None else None
            full.update(plain(line.detail if line else "", "muted"))

    # ---- the file ----

    def on_input_submitted(self) -> None:
        """Enter reads the files."""
        paths = recent.named(self.query_one("#path", recent.PathField).value)
        if paths and not self.busy:
            self.start(lambda: self._read(paths), "read")

    def action_recent(self) -> None:
        """From the field down to the files read or written last."""
        if self.query_one(recent.Recent).display:
            self.query_one(recent.Recent).focus()

    def action_pick(self) -> None:
        """Look for the file on the disk."""
        if self.at == 0:
            self.start(self._pick, "pick")

    async def _pick(self) -> None:
        from textual_fspicker import FileOpen, Filters

        filters = Filters(("Workbooks", lambda p: p.suffix.lower() in recent.WORKBOOKS), ("Everything", lambda _: True))
        path = await self.prm.push_screen_wait(FileOpen(".", filters=filters))
        if path is not None:
            await self._read([path])

    async def _read(self, paths: list[Path]) -> None:
        self.query_one("#path", recent.PathField).value = recent.together(paths)
        try:
            reading = await self._or_as_before(work.read(self, self.working, paths))
        except Cancelled:
            raise
        except PrmError as error:
            self.hint.update(plain(str(error), "bad"))
            return
        self.at, self.choices = 1, Choices()
        recent.remember(paths)
        await self._look(reading)
        fresh = [p for p in reading.taken if "saved mapping" not in p.why]  # the others were settled before
        self.opened = {p.id for p in reading.taken if p.missing()} or ({fresh[0].id} if len(fresh) == 1 else set())
        self._draw()

    async def _look(self, reading: Reading) -> None:
        """From now on it is about this reading."""
        if self.reading is not None:
            self.reading.close()
        self.reading = reading
        self.samples = await self.read(lambda _: samples(reading))
        self.sender = merge.sender(reading, self.samples, await self.read(export.sent))

    # ---- sheets and columns ----

    def on_table_opened(self, event: Table.Opened) -> None:
        """A file is read; a sheet opens to its columns, a column to its meanings, an outcome to what is behind it."""
        if self.busy:
            return
        if isinstance(event.table, recent.Recent):
            self.start(lambda: self._read([event.key]), "read")
        else:
            self.start(lambda: self._open(event.key), "open")

    async def _open(self, key: Any) -> None:
        assert self.reading is not None
        if self.at >= 2:
            await self._open_outcome(key)
        elif not isinstance(key, tuple):
            self.opened ^= {key}
        elif key[1] == "?":
            await asking.settle(self, self.reading, self.reading.questions[key[2]], self.samples)
        else:
            await asking.column(self, self.reading, self._plan(key[0]), key[1], self.samples)
        self._draw()
        if self.at == 1 and isinstance(key, tuple):  # dates that were settled look otherwise
            reading = self.reading
            self.samples = await self.read(lambda _: samples(reading))
            self._draw()

    def action_take(self) -> None:
        """As what the selected sheet is taken; in a conflict theirs counts."""
        if self.at == 1 and not self.busy and self.query_one(merge.Lines).current is not None:
            self.start(self._change_sheet, "open")
        else:
            self._choose(self.query_one(merge.Lines).current, "theirs")

    def action_keep(self) -> None:
        """In a conflict ours counts."""
        self._choose(self.query_one(merge.Lines).current, "ours")

    def on_lines_chosen(self, event: merge.Lines.Chosen) -> None:
        """The same by mouse."""
        self._choose(event.key, event.which)

    def _choose(self, key: Any, which: str) -> None:
        if self.busy or self.at != 2 or self.report is None or not isinstance(key, tuple) or key[1] != "cell":
            return
        sheet = self.report.sheets[key[0]]
        if sheet.cells[key[2]].conflict:
            self.choices = questions.with_side(self.choices, sheet, sheet.cells[key[2]], which)
            self._draw()

    def _plan(self, sheet_id: int) -> SheetPlan:
        assert self.reading is not None
        return next(p for p in self.reading.plans if p.id == sheet_id)

    async def _change_sheet(self) -> None:
        assert self.reading is not None
        key = self.query_one(merge.Lines).current
        plan = self._plan(key[0] if isinstance(key, tuple) else key)
        if await asking.sheet(self, self.reading, plan):
            self.opened.add(plan.id)
            self._draw()

    def action_header(self) -> None:
        """Which row of the selected sheet is its header."""
        if self.at == 1 and not self.busy and self.query_one(merge.Lines).current is not None:
            self.start(self._header, "open")

    async def _header(self) -> None:
        assert self.reading is not None
        key = self.query_one(merge.Lines).current
        plan = self._plan(key[0] if isinstance(key, tuple) else key)
        rows = await self._or_as_before(work.first_rows(self, self.working, self.reading, plan))
        self._draw()
        row = await header.ask(self, plan, rows, headers.shared(self.reading, plan))
        if row is not None:
            await self._look(await self._or_as_before(work.read_anew(self, self.working, self.reading, plan, row)))
            self.opened.add(plan.id)
            self._draw()

    # ---- the outcome ----

    async def _open_outcome(self, key: Any) -> None:
        assert self.report is not None and self.reading is not None
        if not isinstance(key, tuple):
            self.unfolded ^= {key}
        elif isinstance(key[0], int) and self.at == 2 and key[1] in ("doubt", "cell"):
            sheet = self.report.sheets[key[0]]
            self.choices = await questions.answer(self, self.reading, sheet, key, self.choices)
        elif key[1] == "new" and isinstance(key[0], int):
            sheet = self.report.sheets[key[0]]
            await questions.whole_row(self, self.reading, sheet, sheet.added[key[2]])
        elif isinstance(key[0], int):
            self.prm.push_screen(questions.behind(self.report.sheets[key[0]]))

    def action_filter(self) -> None:
        """Show only one thing: questions, changed cells, refused rows; or everything."""
        if self.at >= 2 and self.report is not None:
            self.shown = filters.following(self.report, self.shown)
            self.unfolded = set(range(len(self.report.sheets)))
            self._draw()

    def action_errors(self) -> None:
        """The refused rows as a workbook."""
        if self.at >= 2 and self.report is not None:
            reading, report = self.reading, self.report
            assert reading is not None
            self.start(lambda: questions.write_refused(self, reading, report), "errors")

    async def _preview(self) -> None:
        assert self.reading is not None
        report, self.rehearsed = await self._or_as_before(work.preview(self, self.working, self.reading))
        self.report, self.at, self.shown = report, 2, filters.EVERYTHING
        self.unfolded = {n for n, s in enumerate(report.sheets) if s.doubts or s.conflicts}
        self._draw()
        self.query_one(merge.Lines).move_to(1 if self.merging else 0)  # below the first head

    async def _or_as_before(self, doing: Awaitable[Result]) -> Result:
        """What the work gives; when it fails or is stopped, the step stands as it was."""
        try:
            return await doing
        except PrmError:
            self._draw()
            raise

    async def _commit(self) -> None:
        reading, report = self.reading, self.report
        assert reading is not None and report is not None
        choices = await questions.decide_rest(self, report, self.choices)
        if choices is None:
            return
        self.choices = choices
        if not await questions.sure(self, report):
            return
        report = await self._or_as_before(work.commit(self, self.working, reading, choices, self.rehearsed))
        self.report, self.at, self.shown = report, 3, filters.EVERYTHING
        self._draw()
        self.prm.tell(f"Taken as change {report.change}. u takes it back.")

    # ---- commands ----

    def action_next(self) -> None:
        """On to what comes next, when there is something to go on with."""
        if self.busy:
            return
        if self.at == 0:
            self.on_input_submitted()
        elif self.at == 1 and self.reading is not None:
            if self.reading.questions:
                self._to_question()
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
            self.working.end()
        else:
            self.prm.pop_screen()

    def _to_question(self) -> None:
        """What must be answered first gets the cursor, and is asked at once."""
        table = self.query_one(merge.Lines)
        at = next((n for n, key in enumerate(table.keys) if isinstance(key, tuple) and key[1] == "?"), None)
        if at is not None:
            table.move_to(at)
            table.action_open()
