"""Pictures of screens where colour matters; look at a changed one before it is accepted (pytest --snapshot-update)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from prm_tui.app import PrmApp, start
from tests.screens.driver import Driver


@pytest.mark.parametrize("theme", ["prm", "prm-light", "prm-contrast"])
def test_the_list_with_a_condition(
    snap_compare: Callable[..., bool], demo_file: Path, tmp_path: Path, theme: str
) -> None:
    app = start(Path(shutil.copy(demo_file, tmp_path / "demo.db")))

    async def story(pilot: Pilot[Any]) -> None:
        found = pilot.app
        assert isinstance(found, PrmApp)
        await found.ready()
        found.theme = theme
        driver = Driver(found, pilot)
        found.screen.query_one("#filter", Input).value = "days_since(order) > 100 and sum(order.amount, 365) > 0"
        await driver.settle()
        await driver.press("space", "down")

    try:
        assert snap_compare(app, terminal_size=(120, 40), run_before=story)
    finally:
        app.gateway.close()
