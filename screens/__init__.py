"""Everything drawn: one folder a mode, its stylesheet beside it."""
