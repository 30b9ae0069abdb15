"""Editing a message: recipient, subject, and a text of several lines."""

from __future__ import annotations

from prm_tui.domain.message import Message
from prm_tui.domain.template import one_line
from screens.modals.form import Entry
from screens.modals.writing import Save, Writing


def edit_message(message: Message, save: Save) -> Writing:
    """The window in which a message is written; `save` takes what was changed of recipient, subject and body."""
    row = message.row
    letter = row.channel == "letter"
    to = Entry("recipient", "To", one_line(row.recipient or ""), "postal address" if letter else "one e-mail address")
    title = "Edit the letter" if letter else "Edit the message"
    return Writing(title, [to, Entry("subject", "Subject", one_line(row.subject))], message.body, save)
