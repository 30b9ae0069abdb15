"""What waits until the first list stands: counts, what is due, what is wrong with settings or folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prm_tui.domain.errors import PrmError
from prm_tui.services import files, visits

if TYPE_CHECKING:
    from prm_tui.app import PrmApp


async def settle_in(app: PrmApp) -> None:
    """Count, learn when this person was here before, do what is due, complain."""
    await app.count()
    app.session.since = await app.gateway.read(visits.begin)
    if app.settings.run_on_opening:
        await _run(app)
    place = files.unsafe_place(app.session.path)
    for problem in [*app.settings.problems, *([place] if place else [])]:
        app.tell(problem, bad=True)


async def _run(app: PrmApp) -> None:
    """Automation, once, in the thread that writes; said in one line where it did anything."""
    as_of = app.session.as_of
    try:
        if not await app.gateway.read(lambda store: visits.may_run(store, as_of)):
            return
        run = await app.gateway.write(lambda store: visits.run(store, as_of))
    except PrmError as error:
        app.tell(f"Automation did not run: {error}", bad=True)
        return
    if not run.quiet:
        app.tell(f"Done on opening: {' '.join(run.lines())} {'u takes it back.' if run.changes else ''}")
        app.after_write()
