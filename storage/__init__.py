"""One SQLite file: the only room that speaks SQL."""

from storage.store import Change, Store

__all__ = ["Change", "Store"]
