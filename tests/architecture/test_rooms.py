"""The arrows between rooms, looked at while the program runs; and laws about what is committed."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("prm_tui", "screens", "storage", "importers")


@pytest.mark.parametrize(
    ("room", "never"),
    [
        ("prm_tui.domain.condition", ("sqlite3", "textual", "storage", "rich")),
        ("storage", ("textual", "rich", "importers", "sqlite_utils", "openpyxl", "python_calamine")),
        ("importers.reader", ("textual", "rich", "storage", "openpyxl")),
        ("prm_tui.services.partners", ("textual", "rich", "openpyxl", "python_calamine", "sqlite_utils")),
        ("prm_tui.services.cases", ("textual", "rich", "openpyxl")),
        ("prm_tui.services.calendars", ("textual", "rich", "storage", "holidays", "dateutil")),
        ("prm_tui.cli.main", ("textual", "rich", "storage", "sqlite3", "openpyxl")),
        ("prm_tui.gateway", ("textual", "rich")),
        ("prm_tui.app", ("openpyxl", "xlsxwriter", "python_calamine", "sqlite_utils", "rapidfuzz", "textual_fspicker")),
    ],
)
def test_a_room_that_is_entered_does_not_open_others(room: str, never: tuple[str, ...]) -> None:
    code = f"import sys, {room}; print([m for m in {never!r} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.strip() == "[]"


def test_no_command_loads_the_interface() -> None:
    code = (
        "import sys; from prm_tui.cli.main import main\n"
        "try: main(['partners', '--db', 'missing.db'])\n"
        "except SystemExit: pass\n"
        "print('textual' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.strip().endswith("False")


def _sources() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def test_only_the_clock_reads_the_clock() -> None:
    for path in _sources():
        if path.name != "clock.py":
            assert not re.search(r"date\.today\(|datetime\.now\(|time\.time\(", path.read_text(encoding="utf-8")), path


def test_the_app_stays_small_and_files_stay_readable() -> None:
    assert len((ROOT / "prm_tui" / "app.py").read_text(encoding="utf-8").splitlines()) < 250
    for path in _sources():
        assert len(path.read_text(encoding="utf-8").splitlines()) < 420, f"{path}: two nouns in one file?"


def test_what_came_from_a_file_is_never_markup() -> None:
    for path in (ROOT / "screens").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "from_markup" not in text and "Text.from_markup" not in text, path
        for made in re.findall(r"Static\(f?\"[^\"]*\{", text):
            raise AssertionError(f"{path}: {made} interpolates into markup; use plain()")


def test_the_reference_is_what_the_program_says() -> None:
    sys.path.insert(0, str(ROOT))
    try:
        from docs.reference import pages  # type: ignore[attr-defined]  # mypy finds another “docs” first
    finally:
        sys.path.remove(str(ROOT))
    for name, text in pages().items():
        assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == text, f"{name}: run make docs"


def test_the_number_of_the_core_pack_is_raised_with_its_text() -> None:
    from prm_tui.services.packs import CORE

    text = (ROOT / "prm_tui" / "packs" / "core" / "pack.toml").read_bytes()
    assert (CORE, hashlib.sha256(text).hexdigest()[:12]) == ("4", "ef650e8c62ff"), "raise CORE, then this line"


def test_no_network_and_no_machine_path() -> None:
    for path in _sources():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) (socket|urllib|http|requests|ssl)\b", text, re.M), path
        assert not re.search(r"""["']/(home|Users|tmp|opt|mnt)/""", text), path
