"""What is installed holds what the program needs, and runs away from the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as an installer would."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(out.glob("*.whl"))


def test_the_wheel_holds_styles_packs_schema_and_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "screens/prm.tcss",
        "storage/m001_every_noun.sql",
        "prm_tui/packs/core/pack.toml",
        "prm_tui/packs/deactivation/pack.toml",
        "prm_tui/data/resellers-and-sales.xlsx",
        "prm_tui/data/LICENCES.md",
    } <= names
    assert not [n for n in names if n.startswith(("tests/", "docs/", "bench/"))]


def test_what_is_installed_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        f"sys.path = [p for p in sys.path if p not in ({str(ROOT)!r}, '')]\n"
        "import prm_tui; assert prm_tui.__file__.startswith(sys.path[0]), prm_tui.__file__\n"
        "from prm_tui.cli.main import main\n"
        "db = ['--db', 'installed.db']\n"
        "assert main(['import', sys.argv[1], *db]) == 0\n"
        "assert main(['partners', '--where', 'never(order)', '--count', *db]) == 0\n"
    )
    book = site / "prm_tui" / "data" / "resellers-and-sales.xlsx"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(book)], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(site)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "66"
