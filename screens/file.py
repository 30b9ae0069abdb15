"""What belongs to the whole file: who acts, and its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.person import ROLES
from prm_tui.services import file_settings, people, values
from screens.modals.choose import Choice, Choose
from screens.modals.form import Entry, Form
from screens.text import plain

if TYPE_CHECKING:
    from prm_tui.app import PrmApp
    from prm_tui.domain.person import Person

NEW, CHANGE = "new", "change"


async def choose_person(app: PrmApp) -> None:
    """Ask who acts; someone who is not among the people yet can be added."""
    await app.ready()
    everyone = await app.gateway.read(people.list_of)
    choices = [Choice(p, p.name, ", ".join(p.roles) or p.title or "") for p in everyone if p.active]
    choices.append(Choice(NEW, "Someone else …", "add a person"))
    choices += [Choice(CHANGE, "Change a person …", "title, e-mail, roles, who has left")] if everyone else []
    chosen = await app.push_screen_wait(Choose("Who acts?", choices))
    if chosen == NEW:
        chosen = await _add(app)
    if chosen == CHANGE:
        await _change(app, everyone)
        return
    if chosen is not None:
        app.session.actor, app.session.actor_name = chosen.id, chosen.name
        app.tell(f"{chosen.name} acts from now on.")
        app.after_write()
        app.screen.refresh(layout=True)


async def _change(app: PrmApp, everyone: list[Person]) -> None:
    """Change what is known of a person."""
    session = app.session
    about = [(p, ", ".join(p.roles) if p.active else "does not work here") for p in everyone]
    person = await app.push_screen_wait(Choose("Whom?", [Choice(p, p.name, said) for p, said in about]))
    if person is None:
        return

    async def save(said: dict[str, str]) -> object:
        roles = None if "role" not in said else [r.strip() for r in said["role"].split(",") if r.strip()]
        active = None if "active" not in said else bool(values.stored("yes/no", said["active"], "active"))
        return await app.gateway.write(
            lambda store: people.edit(
                store, person.name, title=said.get("title"), email=said.get("email"), roles=roles, active=active,
                actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip

    entries = [
        Entry("title", "Title", person.title or ""), Entry("email", "E-mail", person.email or ""),
        Entry("role", "Roles", ", ".join(person.roles), hint=", ".join(ROLES[:3]) + ", …", words=ROLES),
        Entry("active", "Works here", "yes" if person.active else "no", "yes or no"),
    ]  # fmt: skip
    if await app.push_screen_wait(Form(f"Change {person.name}", entries, save)):
        app.tell(f"{person.name} is changed. u takes that back.")
        app.after_write()


async def change_settings(app: PrmApp) -> None:
    """Choose a setting of the file, say what it is to be."""
    await app.ready()
    session = app.session
    rows = {row.setting.key: row for row in await app.gateway.read(file_settings.listed)}
    choices = [Choice(key, f"{row.setting.title}: {row.value}", row.by or "standard") for key, row in rows.items()]
    key = await app.push_screen_wait(Choose("Settings of this file", choices))
    if key is None:
        return
    row = rows[key]

    async def save(said: dict[str, str]) -> object:
        if not said:
            return None
        return await app.gateway.write(
            lambda store: file_settings.put(store, said, actor=session.actor, as_of=session.as_of)
        )

    about = Content("\n").join([plain(row.setting.about, "text"), plain(row.by or "standard", "muted")])
    entry = Entry(key, row.setting.title, str(row.value))
    if await app.push_screen_wait(Form(row.setting.title, [entry], save, about=about)):
        app.tell("The setting is changed. u takes that back.")
        app.after_write()


async def _add(app: PrmApp) -> object:
    session = app.session

    async def save(fields: dict[str, str]) -> object:
        roles = [r.strip() for r in fields["role"].split(",") if r.strip()]
        await app.gateway.write(
            lambda store: people.add(
                store, fields["name"], title=fields["title"], email=fields["email"], roles=roles,
                actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip
        return await app.gateway.read(lambda store: people.find(store, fields["name"]))

    return await app.push_screen_wait(
        Form(
            "Add a person",
            [Entry("name", "Name"), Entry("title", "Title"), Entry("email", "E-mail"),
             Entry("role", "Roles", hint=", ".join(ROLES[:3]) + ", …", words=ROLES)],
            save,
            whole=True,
        )
    )  # fmt: skip
