"""What every table has in common; the tables themselves stand in m001_every_noun.sql.

Conventions, the same in every table:

- `id INTEGER PRIMARY KEY AUTOINCREMENT`, never used twice; `change_id` names the change that inserted the row.
- Dates are ISO text (`…_on`), instants are epoch seconds in UTC (`…_at`), money and quantities are whole
  ten-thousandths, JSON columns hold an object or a list.
- Rows are logged by SQL triggers (storage/log_triggers.py) except in the tables of `UNLOGGED`.
"""

from __future__ import annotations

# Tables that carry no facts: what they hold may come and go without a change.
UNLOGGED = frozenset({"drafts", "open_files", "sweeps"})

# Tables the log itself is made of.
OWN = frozenset({"changes", "change_log", "open_change"})

# Fields whose past backtests read, per table.
HISTORY = {
    "partners": ("partner", ("tier", "status", "manager", "territory")),
    "records": ("record", ("status", "ends_on")),
}
