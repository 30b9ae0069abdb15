"""What is done to triggers: each act is shown as a sentence, with its rehearsal, before it happens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.outline import moment
from prm_tui.domain.run import Run
from prm_tui.domain.trigger import Trigger
from prm_tui.services import automation, packs, rules, runs, triggers
from screens.modals.choose import Choice, Choose
from screens.modals.confirm import Confirm
from screens.modals.form import Entry, Form
from screens.modals.pages import Page
from screens.partners.list import explained
from screens.text import plain, short_date

if TYPE_CHECKING:
    from screens.base import PrmScreen
    from storage import Store

FIRSTS = {
    "from-now": ("count from now on", "who matches today is no match"),
    "note": ("take note of today's matches, do nothing", "they are listed, and nothing is sent or opened for them"),
    "act": ("act on all that match already", "at once, up to the cap; the rest is held for you"),
}
NEW = "new"
FILE = "file"
PACK = "pack"


def told(run: Run) -> Content:
    """A run or a rehearsal in words."""
    lines = [plain(line, "bright" if n == 0 else "text") for n, line in enumerate(run.lines())]
    if run.then is not None:
        lines.append(plain("If a person lets the held ones go:", "warn"))
        lines += [plain(f"  {line}") for line in run.then.lines()]
    return Content("\n").join(lines)


# ---- on and off ----


async def switch(screen: PrmScreen, name: str) -> None:
    """Switch a trigger on, after its difference to the version before and its rehearsal were seen; or off."""
    as_of = screen.prm.session.as_of
    row, _ = await screen.read(lambda s: triggers.find(s, name, as_of))
    await (_off if row.on else _on)(screen, name, row.title)


async def _off(screen: PrmScreen, name: str, title: str) -> None:
    session = screen.prm.session
    said = plain("It looks for nothing any more. Cases it has opened go on, and held matches stay held.")
    if await screen.prm.push_screen_wait(Confirm(f"Switch off: {title[:60]}?", said, yes="switch it off")):
        await screen.write(lambda s: triggers.switch_off(s, name, actor=session.actor, as_of=session.as_of))
        screen.prm.tell(f"{title[:60]} is off.")


async def _on(screen: PrmScreen, name: str, title: str) -> None:
    session, as_of = screen.prm.session, screen.prm.session.as_of
    _, trigger = await screen.read(lambda s: triggers.find(s, name, as_of))
    await screen.read(lambda s: triggers.may_switch_on(s, name, actor=session.actor, as_of=as_of))
    order = [trigger.first, *(first for first in FIRSTS if first != trigger.first)]
    if trigger.on in ("activity", "record"):
        order = [first for first in order if first != "note"]
    choices = [Choice(first, FIRSTS[first][0], FIRSTS[first][1]) for first in order]
    first = await screen.prm.push_screen_wait(Choose("What about those that match already?", choices))
    if first is None:
        return

    def turn(store: Store) -> object:
        return triggers.switch_on(store, name, first=first, actor=session.actor, as_of=as_of)

    run = await screen.prm.gateway.write(lambda s: automation.rehearse(s, name, as_of=as_of, before=turn, let_go=True))
    changed = await screen.read(lambda s: triggers.difference(s, name, as_of))
    does = await screen.read(lambda s: triggers.acts_of(s, name))
    wrote = await screen.read(lambda s: triggers.wrote(s, name, session.actor, as_of))
    who = session.actor_name
    if does:
        who += (
            ", who wrote this version: one person is enough in this file"
            if wrote
            else ", who did not write this version"
        )
    said = _before_switching(run, changed, who, FIRSTS[first][0])
    if await screen.prm.push_screen_wait(
        Confirm(f"Switch on: {title[:60]}?", said, yes="switch it on", no="leave it off")
    ):
        await screen.write(turn)
        screen.prm.tell(f"{title[:60]} is on. It acts with the next run: R runs now.")


def _before_switching(run: Run, changed: list[str], who: str, first: str) -> Content:
    """What a person sees before a trigger goes on."""
    parts = [Content.styled("Against the version before", "bold $muted")]
    parts += [plain(line, "good" if line.startswith("+") else "bad") for line in changed[:12]] or [
        plain("This is its first version.", "text")
    ]
    parts += [plain(f"… and {len(changed) - 12} more lines", "muted")] if len(changed) > 12 else []
    parts += [Content(""), Content.styled("The next run, rehearsed", "bold $muted"), told(run)]
    parts += [Content(""), Content.assemble(("At the start   ", "$muted"), plain(first))]
    parts += [Content.assemble(("You act as     ", "$muted"), plain(who, "warn"))]
    return Content("\n").join(parts)


# ---- running ----


async def run_now(screen: PrmScreen) -> None:
    """Rehearse what is due; do it when that is confirmed."""
    session = screen.prm.session
    run = await screen.prm.gateway.write(lambda s: automation.rehearse(s, as_of=session.as_of))
    if run.quiet:
        screen.prm.tell(f"Nothing is due as of {short_date(session.as_of)}.")
        return
    said = Content("\n").join(
        [told(run), Content(""), plain("Messages go into the outbox; nothing is sent from here.", "muted")]
    )
    if await screen.prm.push_screen_wait(Confirm("Run automation now?", said, yes="run it", no="not now")):
        done = await screen.write(lambda s: automation.run(s, as_of=session.as_of, actor=session.actor))
        screen.prm.tell(" ".join(done.lines()) + (" u takes it back." if done.changes else ""))


async def release(screen: PrmScreen, name: str, title: str) -> None:
    """Let the held matches of a trigger go, after seeing what that does."""
    session = screen.prm.session
    run = await screen.prm.gateway.write(lambda s: automation.rehearse_release(s, name, as_of=session.as_of))
    said = Content("\n").join([told(run), Content(""), plain(f"You act as {session.actor_name}.", "warn")])
    if await screen.prm.push_screen_wait(
        Confirm(f"Let the held matches go: {title[:50]}?", said, yes="let them go", no="keep them held")
    ):
        done = await screen.write(lambda s: automation.release(s, name, actor=session.actor, as_of=session.as_of))
        screen.prm.tell(" ".join(done.lines()))


async def begin(screen: PrmScreen, trigger: Trigger, code: str) -> None:
    """Start by hand what a trigger starts, for a partner or one of its records, after a sentence that says so."""
    session, kind = screen.prm.session, trigger.about.kind

    async def start(fields: dict[str, str]) -> Run:
        said = fields.get("record", "").strip() or None
        return await screen.write(
            lambda s: automation.begin(s, trigger.name, code, said, actor=session.actor, as_of=session.as_of)
        )

    about = Content("\n").join(
        [
            plain(f"The workflow {trigger.start} begins for {code}, asked for by {session.actor_name}."),
            plain("Who asks for something does not approve it. u takes it back."),
        ]
    )
    if kind is None:
        sure = await screen.prm.push_screen_wait(Confirm(f"{trigger.title}?", about, yes="start it", no="leave it"))
        done = await start({}) if sure else None
    else:
        entry = Entry("record", kind.replace("_", " ").capitalize(), hint="its reference or name; empty: the only one")
        done = await screen.prm.push_screen_wait(Form(trigger.title, [entry], start, whole=True, about=about))
    if done is not None:
        screen.prm.tell(" ".join(done.lines()))


# ---- more ----


async def offer(screen: PrmScreen, name: str) -> None:
    """Offer what can be done with a trigger."""
    as_of = screen.prm.session.as_of
    standing = next(
        (s for s in await screen.read(lambda s: triggers.standings(s, as_of, now=False)) if s.trigger.name == name),
        None,
    )
    if standing is None:
        return
    title = standing.trigger.title
    choices = [Choice("export", "Write it to a TOML file", "with its workflow and templates; to read, change, share")]
    if standing.held:
        many = f"{standing.held:,} match{'es' if standing.held != 1 else ''}"
        choices.insert(0, Choice("release", f"Let {many} go …", "they were more than its cap; shown first"))
    picked = await screen.prm.push_screen_wait(Choose(f"{title[:60]}: what shall be done?", choices))
    if picked == "release":
        await release(screen, name, title)
    elif picked == "export":
        await _export(screen, name)


async def _export(screen: PrmScreen, name: str) -> None:
    as_of = screen.prm.session.as_of

    async def save(fields: dict[str, str]) -> Path:
        path = Path(fields["file"]).expanduser()
        text = await screen.read(lambda s: triggers.export(s, [name], as_of))
        packs.write_file(path, text)
        return path

    entry = Entry("file", "File", str(Path.home() / f"{name}.toml"))
    path = await screen.prm.push_screen_wait(Form("Write it to a TOML file", [entry], save, whole=True))
    if path is not None:
        screen.prm.tell(f"Written: {path}")


async def why(screen: PrmScreen, name: str) -> None:
    """Ask for a partner; show whether the condition holds for it, part by part, and what is missing."""
    as_of = screen.prm.session.as_of

    async def look(fields: dict[str, str]) -> object:
        return await screen.read(
            lambda s: runs.why_not(s, name, fields["partner"], as_of, fields["record"].strip() or None)
        )

    about = plain(
        "Each part of the condition, with the value it has for this partner and how far that is from turning."
    )
    found = await screen.prm.push_screen_wait(
        Form(
            "Why, or why not?",
            [
                Entry("partner", "Partner", hint="its code, or a part of its name"),
                Entry("record", "Record", hint="its reference or name, if the trigger is about one"),
            ],
            look,
            whole=True,
            about=about,
        )
    )
    if found is not None:
        partner, leaf, _ = found
        said = {"met": "matches", "not met": "does not match", "unknown": "it cannot be decided"}[leaf.outcome]
        screen.prm.push_screen(Page(f"{partner[:60]}: {said}, as of {short_date(as_of)}", explained(leaf)))


async def add(screen: PrmScreen) -> None:
    """Offer the three ways: a pack that comes with prm, a file, a new one."""
    choices = [Choice(PACK, "A pack that comes with prm …", "rules for a process or an industry, with their workflows"),
               Choice(FILE, "A TOML file …", "triggers and workflows somebody wrote"),
               Choice(NEW, "A new one …", "from a condition and a few steps")]  # fmt: skip
    picked = await screen.prm.push_screen_wait(Choose("Add triggers", choices, foot="everything comes switched off"))
    if picked is not None:
        await {PACK: _packs, FILE: _file, NEW: _new}[picked](screen)


async def _packs(screen: PrmScreen) -> None:
    """Which pack; what it brings, and what it lacks here, before it is added."""
    session = screen.prm.session
    listed = [p for p in await screen.read(packs.listed) if p.kind != "program" and p.added is None]
    listed.sort(key=lambda p: p.name != "welcome")
    choices = [Choice(p.name, p.title, p.about or "") for p in listed]
    picked = await screen.prm.push_screen_wait(Choose("Which pack?", choices, wide=True))
    if picked is None:
        return
    text = await screen.read(lambda s: packs.text_of(s, picked))
    found, faults = await screen.read(lambda s: packs.check(s, text, f"{picked}/pack.toml"))
    lines = [plain(found.about or ""), Content("")]
    for one in found.triggers.values():
        said = plain(f"  {moment(one)}", "muted")
        lines.append(Content.assemble(("○ off  ", "$muted"), plain(one.title, "bright"), said))
    if faults:
        lines += [
            Content(""),
            plain("It cannot be added yet:", "bad"),
            *(plain(f"! {f.problem}", "bad") for f in faults[:8]),
        ]
        screen.prm.push_screen(Page(found.title, Content("\n").join(lines)))
        return
    lines += [Content(""), plain("Everything comes switched off. D rehearses on your data, O switches on.", "muted")]
    if await screen.prm.push_screen_wait(
        Confirm(f"Add {found.title}?", Content("\n").join(lines), yes="add it", no="not now")
    ):
        done = await screen.write(lambda s: packs.add_named(s, picked, actor=session.actor, as_of=session.as_of))
        screen.prm.tell(_added(done))


async def _file(screen: PrmScreen) -> None:
    session = screen.prm.session

    async def save(fields: dict[str, str]) -> packs.Adding:
        path = Path(fields["file"].strip()).expanduser()
        text = packs.read_file(path)
        return await screen.write(lambda s: packs.add(s, text, path.name, actor=session.actor, as_of=session.as_of))

    about = plain("It is checked whole before anything is taken. What is wrong is said with its line.")
    done = await screen.prm.push_screen_wait(
        Form(
            "Read triggers from a TOML file", [Entry("file", "File", hint="rules.toml")], save, whole=True, about=about
        )
    )
    if done is not None:
        screen.prm.tell(_added(done))


def _added(done: packs.Adding) -> str:
    if done.change is None:
        return f"{done.pack.title}: the file had all of it."
    many = len(done.pack.triggers)
    off = f" Switched off, because it acts otherwise now: {', '.join(done.off)}." if done.off else ""
    return (
        f"{done.pack.title}: {many} trigger{'s' if many != 1 else ''}, switched off. D rehearses, O switches on.{off}"
    )


async def _new(screen: PrmScreen) -> None:
    from screens.automation.page import TriggerPage

    async def save(fields: dict[str, str]) -> object:
        from prm_tui.domain.errors import UsageError

        if not fields["title"].strip():
            raise UsageError("title: give it a title, such as: Gone quiet")
        return await screen.read(lambda s: rules.new(s, fields["title"].strip()))

    about = plain(
        "It begins with a condition and one task, not saved yet. e edits what the cursor is on, n adds a step."
    )
    rule = await screen.prm.push_screen_wait(
        Form("A new trigger", [Entry("title", "Title", hint="Gone quiet")], save, whole=True, about=about)
    )
    if rule is not None:
        screen.prm.push_screen(TriggerPage(rule.name, rule=rule))
