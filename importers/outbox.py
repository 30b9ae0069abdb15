"""Files that go into a folder all together or not at all, though the program may die at any moment.

They are written into a hidden folder within it, then a journal says what is about to be moved, then they are moved;
the change that says so in the file of partners takes effect last. Whoever comes next finds the hidden folder: either
that change took effect, then only the folder is left over, or it did not, then the files that were moved are taken
away again, and the same names are free.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from prm_tui.domain.errors import InputError

_JOURNAL = "journal.json"


class Tray:
    """A folder into which files are put. `token` names the file of partners: each has a hidden folder of its own."""

    def __init__(self, folder: Path, token: str) -> None:
        self.folder = folder
        self._part = folder / f".prm-{token}.part"
        self._names: list[str] = []
        self._moved: list[Path] = []
        self._made: Path | None = None
        self._begun = False

    def begin(self, took_effect: Callable[[int, str], bool]) -> None:
        """Make the folder if need be, and clear away what an interrupted one left. `took_effect` says of the change
        that `move` was told of, by number and mark, whether it did. InputError where nothing can be written.
        """
        with self._said():
            missing = [p for p in (self.folder, *self.folder.parents) if not p.exists()]
            self._made = missing[-1] if missing else None
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._part.exists():
                self._recover(took_effect)
            self._part.mkdir()
            self._begun = True

    def _recover(self, took_effect: Callable[[int, str], bool]) -> None:
        files: dict[str, str] = {}
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):  # it died before the first move
            journal = json.loads((self._part / _JOURNAL).read_text(encoding="utf-8"))
            if not took_effect(int(journal["change"]), str(journal["mark"])):
                files = dict(journal["files"])
        for name, digest in files.items():
            path = self.folder / Path(name).name
            if path.is_file() and _digest(path) == digest:  # one that was changed since is somebody's
                path.unlink()
        shutil.rmtree(self._part)

    def name(self, stem: str, suffix: str) -> str:
        """A name that no file in the folder has, nor any that is to come; where the first is taken, with a number."""
        taken = {name.casefold() for name in self._names}
        names = (f"{stem}{f' ({n})' if n > 1 else ''}{suffix}" for n in count(1))
        found = next(n for n in names if n.casefold() not in taken and not (self.folder / n).exists())
        self._names.append(found)
        return found

    def path(self, name: str) -> Path:
        """Where a file of that name is written before it is moved."""
        return self._part / name

    def write(self, name: str, body: bytes) -> None:
        """Write a file of a name that was given."""
        with self._said():
            self.path(name).write_bytes(body)

    def move(self, change: int, mark: str) -> None:
        """Move all that was written to where it belongs, on behalf of a change that is about to take effect: its
        number, and a mark by which it is told from another that got the number when it took none.
        """
        with self._said():
            files = {name: _digest(self.path(name)) for name in self._names}
            journal = self._part / f"{_JOURNAL}.new"
            journal.write_text(json.dumps({"change": change, "mark": mark, "files": files}), encoding="utf-8")
            journal.replace(self._part / _JOURNAL)
            for name in self._names:
                target = self.folder / name
                self.path(name).rename(target)
                self._moved.append(target)

    def end(self) -> None:
        """The change took effect. What cannot be removed now will be by the next one."""
        shutil.rmtree(self._part, ignore_errors=True)

    def take_back(self) -> None:
        """The change took no effect: nothing is left of it."""
        if not self._begun:
            return
        with contextlib.suppress(OSError):
            for path in self._moved:
                path.unlink(missing_ok=True)
            shutil.rmtree(self._part, ignore_errors=True)
            for path in (self.folder, *self.folder.parents) if self._made else ():
                path.rmdir()  # fails, and that ends it, where something else is in it
                if path == self._made:
                    break

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(
                f"{self.folder}: cannot be written ({error.strerror or error}). Choose another folder."
            ) from None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
