"""Every command of the interface: bindings, key line, palette, help and the reference are made from this list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import BindingType


@dataclass(frozen=True)
class Command:
    """`where` is everywhere, list, or the name of a screen; `foot` puts it on the key line."""

    id: str
    where: str
    keys: str
    title: str
    about: str
    action: str
    foot: bool = False

    @property
    def shown(self) -> str:
        """Its first key as people write it."""
        return key_name(self.keys.split(",")[0])


PLACES = {
    "everywhere": "Everywhere",
    "list": "In every list",
    "today": "Today",
    "partners": "Partners",
    "partner": "One partner",
    "outbox": "Messages",
    "message": "One message",
    "automation": "Automation",
    "trigger": "One trigger",
    "runs": "The run log",
    "run": "One run",
    "cases": "Cases",
    "case": "One case",
    "exchange": "Exchange",
    "insights": "Insights",
    "behind": "Who is behind a number",
    "wizard": "In the deactivation wizard",
    "import": "Reading a workbook",
}

COMMANDS: tuple[Command, ...] = (
    Command("mode.today", "everywhere", "1", "Today", "What needs me now.", "mode('today')"),
    Command("mode.partners", "everywhere", "2", "Partners", "Who, and how are they.", "mode('partners')"),
    Command("mode.automation", "everywhere", "3", "Automation", "What fires when, and is it safe.", "mode('automation')"),
    Command("mode.cases", "everywhere", "4", "Cases", "What is under way.", "mode('cases')"),
    Command("mode.exchange", "everywhere", "5", "Exchange", "Spreadsheets in, out and back.", "mode('exchange')"),
    Command("mode.insights", "everywhere", "6", "Insights", "Who is active, who goes quiet, and what becomes of it.",
            "mode('insights')"),
    Command("exchange.import", "everywhere", "i", "import", "Read a workbook: see how it is understood, then take it.",
            "import"),
    Command("app.person", "everywhere", "p", "act as", "Choose the person who acts.", "person"),
    Command("app.settings", "everywhere", "comma", "settings", "What the file is told about itself: who agrees, how late"
            " feeds may be.", "settings"),
    Command("app.undo", "everywhere", "u,ctrl+z", "undo", "Take the latest change back, after showing what that does.",
            "undo", foot=True),
    Command("app.theme", "everywhere", "T", "theme", "Dark, light or high contrast.", "next_theme"),
    Command("app.messages", "everywhere", "m", "messages", "Read again what was notified.", "messages"),
    Command("app.help", "everywhere", "question_mark,f1", "help", "Every key of this screen.", "help", foot=True),
    Command("app.palette", "everywhere", "ctrl+p,colon", "commands", "Find any command by its name.", "palette"),
    Command("app.quit", "everywhere", "q,ctrl+q", "leave", "Leave the program, after asking.", "leave"),
    Command("list.up", "list", "up,k", "up", "One line up.", "up"),
    Command("list.down", "list", "down,j", "down", "One line down.", "down"),
    Command("list.page_up", "list", "pageup", "page up", "One page up.", "page_up"),
    Command("list.page_down", "list", "pagedown", "page down", "One page down.", "page_down"),
    Command("list.first", "list", "home,g", "first", "To the first line.", "first"),
    Command("list.last", "list", "end,G", "last", "To the last line.", "last"),
    Command("list.open", "list", "enter", "open", "Open what is selected.", "open", foot=True),
    Command("list.mark", "list", "space", "mark", "Mark or unmark the selected line.", "mark"),
    Command("partners.filter", "partners", "slash,ctrl+f", "filter", "Words, or a condition such as days_since(order) > 90.",
            "filter", foot=True),
    Command("partners.sort", "partners", "s", "sort", "Sort by a column; again to turn it round.", "sort", foot=True),
    Command("partners.columns", "partners", "c", "columns", "Choose the columns of the list.", "columns"),
    Command("partners.unknown", "partners", "U", "unknown",
            "Also list those for which the condition cannot be decided.", "unknown"),
    Command("partners.out", "partners", "x", "spreadsheet", "Write the list to a spreadsheet, send it, or change it in your own"
            " program.", "out", foot=True),
    Command("partners.add", "partners", "n", "new", "Add a partner.", "add", foot=True),
    Command("partners.edit", "partners", "e,f2", "edit", "Edit the selected partner.", "edit", foot=True),
    Command("partners.actions", "partners", "a", "actions", "What can be done with the marked partners.", "actions", foot=True),
    Command("partners.why", "partners", "w", "why", "Why the selected partner meets the condition.", "why", foot=True),
    Command("automation.rehearse", "automation", "D", "rehearse", "Show whom the selected trigger would touch and how; nothing remains.",
            "rehearse", foot=True),
    Command("automation.backtest", "automation", "b", "backtest", "Show what it would have found in a span of days, and whether"
            " that was right.", "backtest", foot=True),
    Command("automation.switch", "automation", "O", "on or off", "Switch it on, after seeing what that does; or off.", "switch", foot=True),
    Command("automation.new", "automation", "n", "new", "Add triggers: a pack that comes with prm, a TOML file, or a new one.", "new",
            foot=True),
    Command("automation.log", "automation", "L", "run log", "What ran, whom it matched, what it did.", "log", foot=True),
    Command("automation.run", "automation", "R", "run now", "Do what is due, after seeing what that is.", "run", foot=True),
    Command("automation.actions", "automation", "a", "actions", "Let held matches go, write it to a TOML file.", "actions"),
    Command("automation.why", "automation", "w", "why", "Whether the condition holds for a partner, and what is missing.", "why"),
    Command("trigger.edit", "trigger", "e,f2", "edit", "Edit what the cursor is on: when, if, a step, safety.", "edit", foot=True),
    Command("trigger.text", "trigger", "E", "text", "Write the text of the message or document under the cursor, and see it as a"
            " partner gets it.", "text", foot=True),
    Command("trigger.new", "trigger", "n", "new", "A new step below the cursor; in the condition, one part more.", "new", foot=True),
    Command("trigger.save", "trigger", "W", "save", "Save as a new version; switching it on is another act.", "save", foot=True),
    Command("trigger.rehearse", "trigger", "D", "rehearse", "Show whom it would touch and how; nothing remains.", "rehearse", foot=True),
    Command("trigger.backtest", "trigger", "b", "backtest", "Show what it would have found in a span of days, and whether that was"
            " right.", "backtest", foot=True),
    Command("trigger.switch", "trigger", "O", "on or off", "Switch it on, after seeing what that does; or off.", "switch", foot=True),
    Command("trigger.back", "trigger", "escape", "back", "From a result to the trigger, from there to the list.", "back", foot=True),
    Command("trigger.why", "trigger", "w", "why", "Whether the condition holds for a partner, and what is missing.", "why"),
    Command("trigger.actions", "trigger", "a", "actions", "Let held matches go, write it to a TOML file.", "actions"),
    Command("trigger.log", "trigger", "L", "run log", "What it matched, and what became of that.", "log"),
    Command("trigger.remove", "trigger", "delete,Z", "remove",
            "Take out the step, or the part of the condition, under the cursor.", "remove"),
    Command("trigger.up", "trigger", "K", "step up", "Move the step under the cursor up.", "move(-1)"),
    Command("trigger.down", "trigger", "J", "step down", "Move the step under the cursor down.", "move(1)"),
    Command("runs.actions", "runs", "a", "actions", "Take the run back.", "actions", foot=True),
    Command("runs.run", "runs", "R", "run now", "Do what is due, after seeing what that is.", "run", foot=True),
    Command("runs.back", "runs", "escape", "back", "Back to the triggers.", "back", foot=True),
    Command("run.why", "run", "w", "why", "Why the selected partner was matched.", "why", foot=True),
    Command("run.actions", "run", "a", "actions", "Take the run back, or what it did for one partner; let held matches go.", "actions",
            foot=True),
    Command("run.back", "run", "escape", "back", "Back to the log.", "back", foot=True),
    Command("today.approve", "today", "y", "approve", "Approve what is selected, after seeing what it means.", "approve", foot=True),
    Command("today.reject", "today", "N", "reject", "Reject what is selected, with a reason.", "reject", foot=True),
    Command("today.done", "today", "d", "done", "Say that the selected task is done.", "done", foot=True),
    Command("today.out", "today", "x", "spreadsheet", "Approvals out to a spreadsheet, to be signed and sent back.", "out"),
    Command("today.outbox", "today", "o", "outbox", "Messages: complete them, approve them, write them out for your mail program.",
            "outbox", foot=True),
    Command("outbox.approve", "outbox", "y", "approve", "Approve the marked messages, or the selected one.", "approve", foot=True),
    Command("outbox.write_out", "outbox", "M", "write out", "Write what is approved into a folder, for your mail program.", "write_out",
            foot=True),
    Command("outbox.sent", "outbox", "d", "done", "Say that the marked messages, or the selected one, were sent.", "sent", foot=True),
    Command("outbox.edit", "outbox", "e,f2", "edit", "Edit the selected message before it is approved.", "edit", foot=True),
    Command("outbox.refill", "outbox", "A", "fill again", "Fill the marked messages that came back, or the selected one, from what"
            " is known now.", "refill"),
    Command("outbox.cancel", "outbox", "X", "cancel", "Cancel the marked messages, or the selected one, with a reason.", "cancel",
            foot=True),
    Command("outbox.closed", "outbox", "C", "closed too", "Also list messages that were sent or cancelled.", "closed"),
    Command("outbox.back", "outbox", "escape", "back", "Marks away; then back to Today.", "back"),
    Command("message.approve", "message", "y", "approve", "Approve this message.", "approve", foot=True),
    Command("message.edit", "message", "e,f2", "edit", "Edit this message before it is approved.", "edit", foot=True),
    Command("message.refill", "message", "A", "fill again", "Fill this message that came back from what is known now.", "refill"),
    Command("message.cancel", "message", "X", "cancel", "Cancel this message, with a reason.", "cancel", foot=True),
    Command("message.sent", "message", "d", "done", "Say that this message was sent.", "sent", foot=True),
    Command("message.back", "message", "escape", "back", "Back.", "back", foot=True),
    Command("today.run", "today", "R", "run now", "Do what is due, after seeing what that is.", "run", foot=True),
    Command("cases.closed", "cases", "C", "closed too", "Also list closed cases.", "closed", foot=True),
    Command("case.approve", "case", "y", "approve", "Approve, after seeing what it means.", "approve", foot=True),
    Command("case.reject", "case", "N", "reject", "Reject, with a reason.", "reject", foot=True),
    Command("case.done", "case", "d", "done", "Say that the selected task is done.", "done", foot=True),
    Command("case.actions", "case", "a", "actions", "Serve, put off, complete, stop, withdraw or close.", "actions", foot=True),
    Command("case.sections", "case", "right,l", "next section", "Steps, obligations, hand-over, letters, money, systems, gates.",
            "section(1)", foot=True),
    Command("case.sections_back", "case", "left,h", "section before", "The section before.", "section(-1)"),
    Command("case.add", "case", "n", "new", "An obligation of your own.", "add"),
    Command("case.out", "case", "x", "spreadsheet", "The evidence pack, letters, the hand-over sheet, sheets for other systems.",
            "out", foot=True),
    Command("case.evidence", "case", "v", "evidence", "What was kept as proof.", "evidence", foot=True),
    Command("case.back", "case", "escape", "back", "Back.", "back", foot=True),
    Command("insights.sections", "insights", "right,l", "next section", "The next section.", "section(1)", foot=True),
    Command("insights.sections_back", "insights", "left,h", "section before", "The section before.", "section(-1)"),
    Command("insights.actions", "insights", "a", "actions", "In Review: decide about the marked partners, or the selected one.", "actions"),
    Command("insights.out", "insights", "x", "spreadsheet", "Write all the numbers to a workbook that computes them from its rows.",
            "out", foot=True),
    Command("insights.edit", "insights", "e,f2", "edit", "In Policies: change the selected policy; a new version, from a day on.", "edit"),
    Command("behind.actions", "behind", "a", "actions", "What can be done with the marked partners, all at once.", "actions",
            foot=True),
    Command("behind.all", "behind", "asterisk", "mark all", "Mark everybody in the list; again: nobody.", "all", foot=True),
    Command("behind.out", "behind", "x", "spreadsheet", "Write the marked partners, or all of the list, to a spreadsheet.", "out",
            foot=True),
    Command("behind.why", "behind", "w", "why", "What was to be said of the selected partner, month by month.", "why", foot=True),
    Command("behind.back", "behind", "escape", "back", "Marks away; then back to the numbers.", "back", foot=True),
    Command("wizard.next", "wizard", "greater_than_sign,right", "next", "The next step.", "next", foot=True),
    Command("wizard.before", "wizard", "less_than_sign,left", "back", "The step before; nothing is lost.", "before", foot=True),
    Command("wizard.add", "wizard", "n", "new", "In Obligations: one of your own.", "add"),
    Command("wizard.leave", "wizard", "escape", "leave", "Leave; what was chosen is kept, and nothing has happened.", "leave",
            foot=True),
    Command("exchange.out", "exchange", "x", "spreadsheet", "Write partners, records, activities or everything to a spreadsheet.", "out",
            foot=True),
    Command("exchange.survey", "exchange", "S", "survey", "Read a whole folder and say what is in it; nothing is imported.",
            "survey", foot=True),
    Command("exchange.feeds", "exchange", "F", "feeds", "Only feeds: how far each is covered, when its next sheet is due; again for"
            " everything.", "feeds", foot=True),
    Command("exchange.close", "exchange", "d", "done", "The selected sheet is done with: wait for it no longer.", "close", foot=True),
    Command("import.pick", "import", "f,ctrl+o", "find a file", "Look for the workbook on the disk.", "pick", foot=True),
    Command("import.take", "import", "t", "take", "Say as what the selected sheet is taken; in a conflict, let theirs count.",
            "take", foot=True),
    Command("import.header", "import", "H", "header row", "See the first rows of the selected sheet and say which one is its header.",
            "header", foot=True),
    Command("import.keep", "import", "k", "keep", "In a conflict, let ours count.", "keep", foot=True),
    Command("import.filter", "import", "slash", "filter", "Show only questions, changed cells or refused rows; again for the next.",
            "filter", foot=True),
    Command("import.errors", "import", "r", "refused rows", "Write the refused rows to a workbook, marked, to correct them.",
            "errors", foot=True),
    Command("import.next", "import", "greater_than_sign,right", "next", "The next step.", "next", foot=True),
    Command("import.before", "import", "less_than_sign,left", "back", "The step before; nothing is lost.", "before", foot=True),
    Command("import.leave", "import", "escape", "leave", "Stop what runs, else leave; nothing was taken.", "leave", foot=True),
    Command("partner.sections", "partner", "right,l", "next section", "The next section of the page.", "section(1)"),
    Command("partner.sections_back", "partner", "left,h", "section before", "The section before.", "section(-1)"),
    Command("partner.add", "partner", "n", "new", "Add an activity, a contact or a record, as the section says.", "add",
            foot=True),
    Command("partner.edit", "partner", "e,f2", "edit", "Edit the partner, or what is selected.", "edit", foot=True),
    Command("partner.kind", "partner", "slash,ctrl+f", "filter", "Only one kind of activity.", "kind", foot=True),
    Command("partner.out", "partner", "x", "spreadsheet", "Write what the section lists to a spreadsheet, send it, or change it"
            " in your own program.", "out", foot=True),
    Command("partner.why", "partner", "w", "why", "Its state and why, and what was to be said of it month by month.", "why"),
    Command("partner.actions", "partner", "a", "actions", "What can be done with this partner.", "actions", foot=True),
    Command("partner.back", "partner", "escape", "back", "Back to the list.", "back", foot=True),
)  # fmt: skip

_SIGNS = {
    "slash": "/", "question_mark": "?", "colon": ":", "escape": "esc", "enter": "↵", "pageup": "PgUp", "pagedown": "PgDn",
    "right": "→", "left": "←", "up": "↑", "down": "↓", "greater_than_sign": ">", "less_than_sign": "<",
    "asterisk": "*",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key as people write it: / for slash, esc for escape."""
    return _SIGNS.get(key, key)


def commands(where: str) -> list[Command]:
    """The commands of one place."""
    return [command for command in COMMANDS if command.where == where]


def bindings(where: str) -> list[BindingType]:
    """The commands of one place as Textual takes them; their ids let a person's keymap change the keys."""
    from textual.binding import Binding

    return [Binding(c.keys, c.action, c.title, id=c.id, show=c.foot) for c in commands(where)]
