-- The first migration. Published: never edited; a change to a table is a new migration.
-- AUTOINCREMENT everywhere: an id that was used is never used again, so the log of a row is of that row alone.
CREATE TABLE changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: a reused number would adopt foreign rows
  at INTEGER NOT NULL, as_of TEXT NOT NULL, actor_id INTEGER REFERENCES people(id), actor TEXT NOT NULL,
  kind TEXT NOT NULL, why TEXT NOT NULL, caused_by INTEGER REFERENCES changes(id),
  undoes INTEGER REFERENCES changes(id), undo_scope TEXT, rows INTEGER NOT NULL DEFAULT 0,
  inserted TEXT NOT NULL DEFAULT '{}', digest TEXT NOT NULL DEFAULT '', prev_hash TEXT NOT NULL DEFAULT '', hash TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE change_log (
  id INTEGER PRIMARY KEY, change_id INTEGER NOT NULL REFERENCES changes(id), tbl TEXT NOT NULL,
  row_id INTEGER NOT NULL, col TEXT, before ANY, after ANY -- col is NULL for a deleted row: before is all of it
) STRICT;
-- changes.inserted: table -> [last id before, last id after, rows], so that undo looks at those rows alone
CREATE INDEX change_log_row ON change_log(tbl, row_id, col);
CREATE INDEX change_log_change ON change_log(change_id);
CREATE TABLE open_change (id INTEGER NOT NULL, as_of TEXT NOT NULL, restoring INTEGER NOT NULL) STRICT;

CREATE TABLE people (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, name_key TEXT NOT NULL, email TEXT, title TEXT, key TEXT,
  active INTEGER NOT NULL DEFAULT 1, custom TEXT NOT NULL DEFAULT '{}', source_id INTEGER REFERENCES sources(id),
  row INTEGER, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE UNIQUE INDEX people_name ON people(name_key, coalesce(key, ''));
CREATE TABLE roles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, person_id INTEGER NOT NULL REFERENCES people(id), role TEXT NOT NULL,
  change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (person_id, role)
) STRICT;

CREATE TABLE sources (
  id INTEGER PRIMARY KEY AUTOINCREMENT, file TEXT NOT NULL, hash TEXT NOT NULL, sheet TEXT NOT NULL, what TEXT NOT NULL,
  header_row INTEGER NOT NULL, rows INTEGER NOT NULL, read_at INTEGER NOT NULL, feed_id INTEGER REFERENCES feeds(id),
  map TEXT NOT NULL DEFAULT '{}', change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE feeds (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, source TEXT NOT NULL, covered_to TEXT, newest TEXT,
  every TEXT, due TEXT, change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (kind, source)
) STRICT; -- covered_to is declared; where it is NULL, newest (the newest fact) stands for it
CREATE TABLE feed_rows (
  id INTEGER PRIMARY KEY AUTOINCREMENT, feed_id INTEGER NOT NULL REFERENCES feeds(id), key TEXT NOT NULL, row_hash TEXT NOT NULL,
  cells TEXT NOT NULL, tbl TEXT, row_id INTEGER, source_id INTEGER REFERENCES sources(id), row INTEGER,
  change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (feed_id, key)
) STRICT;

CREATE TABLE partners (
  id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, type TEXT,
  status TEXT NOT NULL DEFAULT 'Active', tier TEXT, manager INTEGER REFERENCES people(id), territory TEXT,
  country TEXT, industry TEXT, joined_on TEXT, parent INTEGER REFERENCES partners(id),
  custom TEXT NOT NULL DEFAULT '{}', name_key TEXT NOT NULL, search TEXT NOT NULL,
  legal_hold INTEGER NOT NULL DEFAULT 0, joined_into INTEGER REFERENCES partners(id),
  source_id INTEGER REFERENCES sources(id), row INTEGER, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX partners_name_key ON partners(name_key);
CREATE INDEX partners_name ON partners(name COLLATE NOCASE);
CREATE INDEX partners_manager ON partners(manager) WHERE manager IS NOT NULL;
CREATE INDEX partners_parent ON partners(parent) WHERE parent IS NOT NULL;
CREATE INDEX partners_joined ON partners(joined_into) WHERE joined_into IS NOT NULL;
CREATE TABLE partner_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT, partner_id INTEGER NOT NULL REFERENCES partners(id), system TEXT NOT NULL,
  key TEXT NOT NULL, change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (system, key)
) STRICT;
CREATE INDEX partner_keys_partner ON partner_keys(partner_id);
CREATE TABLE contacts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, partner_id INTEGER NOT NULL REFERENCES partners(id), name TEXT NOT NULL, role TEXT,
  email TEXT, phone TEXT, language TEXT, opt_out INTEGER NOT NULL DEFAULT 0, valid_until TEXT, main INTEGER NOT NULL DEFAULT 0,
  custom TEXT NOT NULL DEFAULT '{}', source_id INTEGER REFERENCES sources(id), row INTEGER,
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX contacts_partner ON contacts(partner_id);
CREATE TABLE tags (
  id INTEGER PRIMARY KEY AUTOINCREMENT, partner_id INTEGER NOT NULL REFERENCES partners(id), tag TEXT NOT NULL,
  change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (partner_id, tag)
) STRICT;

CREATE TABLE activities (
  id INTEGER PRIMARY KEY AUTOINCREMENT, partner_id INTEGER NOT NULL REFERENCES partners(id), kind TEXT NOT NULL,
  occurred_on TEXT NOT NULL, occurred_at INTEGER, learned_at INTEGER NOT NULL, superseded_at INTEGER,
  superseded_by INTEGER, amount INTEGER, currency TEXT, quantity INTEGER, ref TEXT, note TEXT,
  data TEXT NOT NULL DEFAULT '{}', lines INTEGER NOT NULL DEFAULT 0, person_id INTEGER REFERENCES people(id),
  record_id INTEGER REFERENCES records(id), source_id INTEGER REFERENCES sources(id), row INTEGER, row_hash TEXT,
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT; -- lines counts rows of activity_lines; row and row_hash stand for its first row in the sheet
CREATE INDEX activities_fact ON activities(partner_id, kind, occurred_on, amount, learned_at, superseded_at);
CREATE UNIQUE INDEX activities_ref ON activities(partner_id, kind, ref, occurred_on)
  WHERE superseded_at IS NULL AND ref IS NOT NULL;
CREATE INDEX activities_day ON activities(partner_id, occurred_on);
CREATE INDEX activities_record ON activities(record_id) WHERE record_id IS NOT NULL;
CREATE TABLE activity_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT, activity_id INTEGER NOT NULL REFERENCES activities(id), n INTEGER NOT NULL,
  amount INTEGER, quantity INTEGER, data TEXT NOT NULL DEFAULT '{}', source_id INTEGER REFERENCES sources(id),
  row INTEGER, row_hash TEXT, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX activity_lines_activity ON activity_lines(activity_id);

CREATE TABLE records (
  id INTEGER PRIMARY KEY AUTOINCREMENT, partner_id INTEGER NOT NULL REFERENCES partners(id), kind TEXT NOT NULL, name TEXT NOT NULL,
  status TEXT, starts_on TEXT, ends_on TEXT, amount INTEGER, currency TEXT, quantity INTEGER, ref TEXT, note TEXT,
  data TEXT NOT NULL DEFAULT '{}', owner INTEGER REFERENCES people(id), contact_id INTEGER REFERENCES contacts(id),
  learned_at INTEGER NOT NULL, source_id INTEGER REFERENCES sources(id), row INTEGER, row_hash TEXT,
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX records_fact ON records(partner_id, kind, starts_on, ends_on, status, amount);
CREATE INDEX records_contact ON records(contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX records_ref ON records(kind, ref) WHERE ref IS NOT NULL;

CREATE TABLE kinds (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, class TEXT, pillar TEXT,
  open TEXT NOT NULL DEFAULT '[]', emits TEXT NOT NULL DEFAULT '{}', pack TEXT, change_id INTEGER NOT NULL REFERENCES changes(id),
  UNIQUE (tbl, name)
) STRICT; -- tbl is 'activity' or 'record'
CREATE TABLE fields (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, kind TEXT NOT NULL DEFAULT '', key TEXT NOT NULL, label TEXT NOT NULL,
  type TEXT NOT NULL, ord INTEGER NOT NULL DEFAULT 0, change_id INTEGER NOT NULL REFERENCES changes(id),
  UNIQUE (tbl, kind, key)
) STRICT; -- tbl is 'partner', 'contact', 'person', 'activity', 'line' or 'record'; type is text, number, money, date, yes/no
CREATE TABLE field_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, row_id INTEGER NOT NULL, field TEXT NOT NULL, value ANY,
  valid_from TEXT, learned_at INTEGER NOT NULL, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT; -- valid_from NULL: the value since before anything is known
CREATE INDEX field_history_row ON field_history(subject, row_id, field, valid_from);

CREATE TABLE packs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE facts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL, sentence TEXT, pack TEXT,
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE triggers (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, version_id INTEGER, state TEXT NOT NULL DEFAULT 'off',
  pack TEXT, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE trigger_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, trigger_id INTEGER NOT NULL REFERENCES triggers(id), n INTEGER NOT NULL, body TEXT NOT NULL,
  change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (trigger_id, n)
) STRICT;
CREATE TABLE episodes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, trigger_id INTEGER NOT NULL REFERENCES triggers(id), subject TEXT NOT NULL, row_id INTEGER NOT NULL,
  key TEXT NOT NULL, opened_on TEXT NOT NULL, closed_on TEXT, state TEXT NOT NULL,
  change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (trigger_id, subject, row_id, key)
) STRICT;
CREATE TABLE hits (
  id INTEGER PRIMARY KEY AUTOINCREMENT, episode_id INTEGER NOT NULL REFERENCES episodes(id), version_id INTEGER NOT NULL REFERENCES trigger_versions(id),
  on_date TEXT NOT NULL, state TEXT NOT NULL, evidence TEXT NOT NULL DEFAULT '{}', change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX hits_episode ON hits(episode_id);

CREATE TABLE workflows (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, version_id INTEGER, pack TEXT,
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE workflow_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, workflow_id INTEGER NOT NULL REFERENCES workflows(id), n INTEGER NOT NULL, body TEXT NOT NULL,
  change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (workflow_id, n)
) STRICT;
CREATE TABLE templates (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, body TEXT NOT NULL, pack TEXT,
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE cases (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, version_id INTEGER REFERENCES workflow_versions(id),
  partner_id INTEGER NOT NULL REFERENCES partners(id), subject TEXT NOT NULL DEFAULT 'partner', subject_id INTEGER,
  title TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', stage TEXT NOT NULL, owner INTEGER REFERENCES people(id),
  requested_by INTEGER REFERENCES people(id), reason TEXT, path TEXT, opened_on TEXT NOT NULL, due_on TEXT, closed_on TEXT,
  outcome TEXT, restricted INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL DEFAULT '{}', hit_id INTEGER REFERENCES hits(id),
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT; -- state: open or closed; data: dates, notice, impact as seen, choices
CREATE INDEX cases_partner ON cases(partner_id, kind, state);
CREATE INDEX cases_open ON cases(state, due_on);
CREATE TABLE steps (
  id INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER NOT NULL REFERENCES cases(id), step TEXT NOT NULL, n INTEGER NOT NULL, title TEXT NOT NULL,
  state TEXT NOT NULL, due_on TEXT, done_on TEXT, data TEXT NOT NULL DEFAULT '{}', change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT; -- state: planned, waiting, done, skipped, cancelled
CREATE INDEX steps_case ON steps(case_id);
CREATE TABLE tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER REFERENCES cases(id), step_id INTEGER REFERENCES steps(id),
  partner_id INTEGER REFERENCES partners(id), kind TEXT NOT NULL, title TEXT NOT NULL, detail TEXT, owner INTEGER REFERENCES people(id),
  role TEXT, due_on TEXT, due_at INTEGER, state TEXT NOT NULL DEFAULT 'open', done_by INTEGER REFERENCES people(id), done_at INTEGER,
  done_on TEXT, reason TEXT, evidence_id INTEGER REFERENCES evidence(id), data TEXT NOT NULL DEFAULT '{}',
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT; -- kind: to-do or approval; state: planned, open, done, approved, rejected, cancelled
CREATE INDEX tasks_open ON tasks(state, due_on);
CREATE INDEX tasks_case ON tasks(case_id);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER REFERENCES cases(id), step_id INTEGER REFERENCES steps(id),
  partner_id INTEGER REFERENCES partners(id), contact_id INTEGER REFERENCES contacts(id), person_id INTEGER REFERENCES people(id),
  template TEXT, channel TEXT NOT NULL DEFAULT 'mail', recipient TEXT, subject TEXT NOT NULL, body TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'draft', handed_over_at INTEGER, confirmed_at INTEGER, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX messages_state ON messages(state);
CREATE TABLE timers (
  id INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER REFERENCES cases(id), step_id INTEGER REFERENCES steps(id), task_id INTEGER REFERENCES tasks(id),
  what TEXT NOT NULL, due_on TEXT, due_at INTEGER, fired_at INTEGER, state TEXT NOT NULL DEFAULT 'waiting',
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX timers_due ON timers(state, due_on);
CREATE TABLE obligations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER NOT NULL REFERENCES cases(id), kind TEXT NOT NULL, title TEXT NOT NULL, area TEXT,
  owner INTEGER REFERENCES people(id), role TEXT, due_on TEXT, rule TEXT, state TEXT NOT NULL DEFAULT 'planned', amount INTEGER,
  currency TEXT, proof TEXT, evidence_id INTEGER REFERENCES evidence(id), data TEXT NOT NULL DEFAULT '{}',
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX obligations_case ON obligations(case_id);
CREATE TABLE ledger (
  id INTEGER PRIMARY KEY AUTOINCREMENT, partner_id INTEGER NOT NULL REFERENCES partners(id), case_id INTEGER REFERENCES cases(id), kind TEXT NOT NULL,
  rule TEXT, activity_id INTEGER REFERENCES activities(id), basis INTEGER, rate INTEGER, amount INTEGER NOT NULL, currency TEXT,
  period TEXT, state TEXT NOT NULL, reverses INTEGER REFERENCES ledger(id), on_date TEXT NOT NULL, note TEXT,
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX ledger_activity ON ledger(activity_id) WHERE activity_id IS NOT NULL;
CREATE INDEX ledger_partner ON ledger(partner_id, on_date);
CREATE TABLE evidence (
  id INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER REFERENCES cases(id), partner_id INTEGER REFERENCES partners(id), kind TEXT NOT NULL,
  title TEXT NOT NULL, file TEXT, hash TEXT NOT NULL, body BLOB, at INTEGER NOT NULL, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE INDEX evidence_case ON evidence(case_id);
CREATE TABLE policies (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, partner_type TEXT, body TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1,
  effective_from TEXT, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE calendars (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE rates (
  id INTEGER PRIMARY KEY AUTOINCREMENT, currency TEXT NOT NULL, into_currency TEXT NOT NULL, on_date TEXT NOT NULL, rate INTEGER NOT NULL,
  change_id INTEGER NOT NULL REFERENCES changes(id), UNIQUE (currency, into_currency, on_date)
) STRICT; -- rate in millionths
CREATE TABLE sheets_sent (
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, what TEXT NOT NULL, recipient TEXT, due_on TEXT, sent_change INTEGER REFERENCES changes(id),
  body TEXT NOT NULL, state TEXT NOT NULL, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE mappings (
  id INTEGER PRIMARY KEY AUTOINCREMENT, header_hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, body TEXT NOT NULL, feed_id INTEGER REFERENCES feeds(id),
  change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;
CREATE TABLE answers (
  id INTEGER PRIMARY KEY AUTOINCREMENT, question TEXT NOT NULL, key TEXT NOT NULL, answer TEXT NOT NULL, change_id INTEGER NOT NULL REFERENCES changes(id),
  UNIQUE (question, key)
) STRICT;
CREATE TABLE settings (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL, change_id INTEGER NOT NULL REFERENCES changes(id)
) STRICT;

CREATE TABLE drafts (id INTEGER PRIMARY KEY, what TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE open_files (id INTEGER PRIMARY KEY, who TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;
CREATE TABLE sweeps (id INTEGER PRIMARY KEY, what TEXT NOT NULL UNIQUE, day TEXT NOT NULL, upto_change INTEGER) STRICT;
