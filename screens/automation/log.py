"""The log of runs; one run with its matches and what they did, as a tree of causes; why somebody was matched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.condition import Leaf
from prm_tui.domain.run import STATES, Effect, Hit, RunRow
from prm_tui.services import runs
from prm_tui.services.runs import Explained, Opened
from screens.automation import acts
from screens.automation.rows import effect_line
from screens.base import PrmScreen
from screens.listing import ListScreen
from screens.modals.choose import Choice, Choose
from screens.modals.pages import Page
from screens.text import found as value_found
from screens.text import hanging, plain, short_date, visible
from screens.undo import undo_latest
from screens.widgets.detail import Detail
from screens.widgets.table import Col, Line, Table

COLUMNS = [Col("at", "Ran", 16), Col("what", "What it did", least=46), Col("as_of", "As of", 11), Col("by", "By", 12),
           Col("cause", "Because of", 20)]  # fmt: skip
TREE_COLUMNS = [Col("what", "", least=32), Col("which", "", 40)]
EMPTY = (
    "Nothing has run yet.\n\nAutomation runs after an import, when prm is opened, with R, and by prm run. What it does is\n"
    "listed here, can be explained match by match, and taken back."
)
_COLOURS = {"acted": "good", "held": "warn", "noted": "muted", "late": "muted", "open": "text"}


def run_line(row: RunRow) -> Line:
    """One round of automation."""
    undone = f" · taken back by change {row.undone_by}" if row.undone_by else ""
    return Line(
        (
            (f"{row.at:%Y-%m-%d %H:%M}", "muted" if row.undone_by else "text"),
            (visible(row.sentence + undone), "muted" if row.undone_by else "bright"),
            (short_date(row.as_of), "muted"), (visible(row.actor), "muted"), (visible(row.cause), "muted"),
        ),
        detail=f"{row.why}: {row.sentence}{undone}" + (f" · because of {row.cause}" if row.cause else "") + f" · change {row.id}",
    )  # fmt: skip


class RunsScreen(ListScreen):
    """Rounds of automation, the latest first."""

    mode = "automation"
    place = "runs"
    table_id = "runs"
    nothing = EMPTY
    BINDINGS: ClassVar = bindings("runs")

    def on_mount(self) -> None:
        """Read at once."""
        self.head("Run log")
        self.reload()

    def reload(self) -> None:
        """Read again."""
        self.start(self._show, "page")

    async def _show(self) -> None:
        self.fill(COLUMNS, {row.id: run_line(row) for row in await self.read(runs.log)})

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter opens the run."""
        self.prm.push_screen(RunScreen(event.key))

    def action_run(self) -> None:
        self.start(lambda: acts.run_now(self), "act")

    def action_actions(self) -> None:
        """Take the selected round back, with what it caused."""
        change = self.query_one(Table).current
        if change is not None:
            self.start(lambda: undo_latest(self.prm, change), "undo")

    def action_back(self) -> None:
        self.prm.pop_screen()


class RunScreen(PrmScreen):
    """One run: round by round, trigger by trigger, partner by partner, what was done. `change_id`: one of its rounds."""

    mode = "automation"
    place = "run"
    DEFAULT_CSS = """
    RunScreen #title { height: auto; padding: 0 2; margin: 1 0; }
    RunScreen Table { height: 1fr; margin: 0 1; }
    """
    BINDINGS: ClassVar = bindings("run")

    def __init__(self, change_id: int) -> None:
        super().__init__()
        self.change_id = change_id
        self.run: Opened | None = None
        self.shut: set[Any] = set()

    def body(self) -> ComposeResult:
        """What ran, the tree."""
        yield Static("", id="title", markup=False)
        yield Table(id="tree")
        yield Detail()

    def on_mount(self) -> None:
        """The tree has the keys."""
        self.query_one(Table).focus()
        self.reload()

    def reload(self) -> None:
        """Read again."""
        self.start(self._show, "page")

    async def _show(self) -> None:
        first = self.run is None
        self.run = run = await self.read(lambda s: runs.opened(s, self.change_id))
        if first and len(run.hits) > 60:  # many: begin with the triggers alone
            self.shut = {key for key, _ in tree(run, set()) if key[0] in ("trigger", "going")}
        row = run.rounds[0]
        undone = f"   taken back by change {row.undone_by}" if row.undone_by else ""
        said = f"   as of {short_date(row.as_of)}, by {row.actor}, change {row.id}"
        self.query_one("#title", Static).update(
            Content.assemble(
                (f"Run of {row.at:%Y-%m-%d %H:%M}", "bold $bright"), plain(said, "muted"), plain(undone, "warn")
            )
        )
        self._fill()

    def _fill(self) -> None:
        if self.run is not None:
            self.query_one(Table).fill(TREE_COLUMNS, dict(tree(self.run, self.shut)))

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The selected line in full."""
        self.query_one(Detail).follow(event.table)

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter explains a match; it shuts and opens what has something beneath it."""
        if event.key[0] == "hit":
            self.action_why()
        else:
            self.shut ^= {event.key}
            self._fill()

    @property
    def hit(self) -> Hit | None:
        """The match under the cursor, or the one that what is under it belongs to."""
        key = self.query_one(Table).current
        wanted = key[1] if key and key[0] in ("hit", "effect") else None
        return next((h for h in self.run.hits if h.id == wanted), None) if self.run else None

    def action_why(self) -> None:
        hit = self.hit
        if hit is None:
            self.prm.tell("The cursor is on no partner that was matched.")
        else:
            self.start(lambda: self._why(hit), "why")

    async def _why(self, hit: Hit) -> None:
        told = await self.read(lambda s: runs.explain_hit(s, hit.id))
        self.prm.push_screen(
            Page(f"Why: {visible(hit.name)[:60]}", explained_hit(told, min(int(self.app.size.width * 0.96), 96) - 8))
        )

    def action_actions(self) -> None:
        self.start(self._actions, "act")

    async def _actions(self) -> None:
        assert self.run is not None
        hit, first = self.hit, self.run.rounds[0]
        choices = [Choice("all", "Take this run back …", "with everything it caused; shown first")]
        if hit is not None:
            choices.append(
                Choice("one", f"Take it back for {visible(hit.name)[:40]} only …", "the others stay as they are")
            )
            if hit.state == "held":
                choices.insert(0, Choice("release", "Let the held matches go …", "of this trigger; shown first"))
        picked = await self.prm.push_screen_wait(Choose("What shall be done?", choices))
        if picked == "release" and hit is not None:
            await acts.release(self, hit.trigger, hit.title)
        elif picked is not None:
            await undo_latest(self.prm, first.id, hit.partner_id if picked == "one" and hit is not None else None)

    def action_back(self) -> None:
        self.prm.pop_screen()


Item = tuple[Any, Line]


def tree(run: Opened, shut: set[Any]) -> Iterator[Item]:
    """The run as a tree of causes: what stood behind it, its rounds, their triggers, whom they matched, what was done."""
    if run.rounds[0].cause:
        yield ("cause",), Line(((f"caused by: {visible(run.rounds[0].cause)}", "accent"),))
    for n, row in enumerate(run.rounds, 1):
        effects = [e for e in run.effects if e.round == n]
        key = ("round", row.id)
        many = f"round {n}" if len(run.rounds) > 1 else "what it did"
        cause = f", caused by round {n - 1}" if n > 1 else ""
        yield (
            key,
            Line(
                ((f"{_sign(key, shut)} {many}{cause}", "bright"), (visible(row.sentence), "muted")), detail=row.sentence
            ),
        )
        if key not in shut:
            yield from _round(run, row, effects, shut)


def _sign(key: Any, shut: set[Any]) -> str:
    return "▸" if key in shut else "▾"


def _round(run: Opened, row: RunRow, effects: list[Effect], shut: set[Any]) -> Iterator[Item]:
    left: dict[tuple[str, str], list[tuple[int, Effect]]] = {}
    for n, effect in enumerate(effects):
        left.setdefault((effect.code, effect.by), []).append((n, effect))
    for fired in row.fired:
        key = ("trigger", row.id, fired.name)
        yield (
            key,
            Line(
                ((f"{_sign(key, shut)} {visible(fired.title)}", "accent"), (fired.summary, "text")),
                indent=3,
                detail=f"{fired.title}: {fired.summary}",
            ),
        )
        mine = [h for h in run.hits if h.change == row.id and h.trigger == fired.name]
        for hit in mine:
            done = left.pop((hit.code, hit.title), [])
            if key not in shut:
                yield from _hit(hit, done)
    others: dict[str, list[tuple[int, Effect]]] = {}
    for (_, by), several in left.items():
        others.setdefault(by or several[0][1].name, []).extend(several)
    for by, done in others.items():
        key = ("going", row.id, by)
        yield (
            key,
            Line(
                ((f"{_sign(key, shut)} {visible(by)}", "accent"), ("cases that went on", "muted")), indent=3, detail=by
            ),
        )
        busy = {effect.code for _, effect in done if effect.kind != "case"}
        for n, effect in done if key not in shut else ():
            if effect.kind != "case" or effect.code not in busy:
                yield ("effect", None, n, effect.round), _done(effect, with_name=True)


def _hit(hit: Hit, done: list[tuple[int, Effect]]) -> Iterator[Item]:
    state = STATES.get(hit.state, hit.state) + (", late" if hit.late else "")
    yield ("hit", hit.id, hit.change), Line(
        ((visible(hit.name), "bright"), (state, _COLOURS.get(hit.state, "text"))), indent=6,
        detail=f"{hit.title} matched {hit.code} {hit.name} on {short_date(hit.on)}: {state} · enter says why",
    )  # fmt: skip
    for n, effect in done:
        if effect.kind != "case":
            yield ("effect", hit.id, n, effect.round), _done(effect)


def _done(effect: Effect, *, with_name: bool = False) -> Line:
    kind, _, which, *_ = effect_line(effect).cells
    detail = effect_line(effect).detail
    if with_name:
        return Line(((visible(effect.name), "bright"), (f"{kind[0]}: {which[0]}", which[1])), indent=6, detail=detail)
    return Line(((f"{kind[0]}: {which[0]}", which[1]),), indent=9, detail=detail)


def explained_hit(told: Explained, wide: int = 80) -> Content:
    """Why a trigger matched a partner: what was found then, with the cells it came from; in so many cells."""
    hit = told.hit
    parts = [
        Content.assemble(
            plain(f"{hit.code} {hit.name}", "bright"),
            plain(f"  matched {hit.title}, version {hit.version}, on {short_date(hit.on)}", "muted"),
        ),
        Content.assemble(
            plain(STATES.get(hit.state, hit.state), _COLOURS.get(hit.state, "text")),
            ("; learned late" if hit.late else "", "$warn"),
        ),
        Content(""),
    ]
    rows = {leaf.text: (leaf, wanted) for leaf, wanted in _leaves(told.then)} if told.then else {}
    if not hit.parts:
        parts.append(plain("It has no condition: it matches whenever its moment comes."))
    for text, value in hit.parts:
        leaf, wanted = rows.get(text, (None, True))
        yes_no = leaf is not None and isinstance(leaf.value, bool)
        parts.append(Content.assemble(("✓ " if wanted else "✓ not: ", "$good"), plain(text, "bright")))
        parts.append(
            Content.assemble(
                ("    found then  ", "$muted"), plain(value_found(bool(value) if yes_no else value), "warn")
            )
        )
        if leaf is None or not value:
            continue  # nothing was there: what lies behind has come since
        for row in leaf.rows:
            on = f"{short_date(row.on)}  " if row.on else ""
            source = f"  ·  {row.source}" if row.source else ""
            parts.append(hanging("    ", f"{on}{row.what}{source}", wide, "muted"))
        if leaf.behind > len(leaf.rows):
            parts.append(plain(f"    and {leaf.behind - len(leaf.rows):,} more", "muted"))
    return Content("\n").join(parts)


def _leaves(leaf: Leaf, wanted: bool = True) -> Iterator[tuple[Leaf, bool]]:
    """The parts of a condition, and whether each had to hold or not to."""
    if not leaf.parts:
        yield leaf, wanted
    for part in leaf.parts:
        yield from _leaves(part, wanted != (leaf.joined == "not"))
