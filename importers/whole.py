"""A file that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prm_tui.domain.errors import InputError


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """A file to write into, which takes the place of `out` at the end. InputError where nothing can be written."""
    part = out.with_name(f".{out.name}.part")
    try:
        part.touch()  # what a library would say of a place that is not there is not for people
        yield part
        part.replace(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}). Choose another place.") from None
    finally:
        if part.parent.is_dir():
            part.unlink(missing_ok=True)
