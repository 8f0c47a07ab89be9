-- Conversations of the assistant. owner is a hash of the browser's cookie.
create table conversations (
  id          text primary key,
  owner       text not null,
  doc         text not null default '',   -- path of the file, or ''
  page        text not null default '',   -- URL path of the page, or ''
  title       text not null default '',
  tainted     integer not null default 0, -- holds text other than the user's and the open page
  last_id     integer not null default 0, -- id of the newest event
  created_at  text not null,
  updated_at  text not null
);
create index conversations_owner on conversations(owner, doc, page, updated_at);

create table turns (
  id           text primary key,
  conversation text not null references conversations(id) on delete cascade,
  request_id   text,
  message      text not null,
  first_id     integer not null,          -- id of its first event
  reason       text,                      -- null while it runs
  runner       text not null default '',  -- the service that runs it, by its lock file
  started_at   text not null,
  ended_at     text,
  unique (conversation, request_id)
);
create index turns_conversation on turns(conversation, started_at);
-- A conversation has one running turn at a time.
create unique index turns_running on turns(conversation) where reason is null;

-- What browsers watch, written before it is sent.
create table events (
  conversation text not null references conversations(id) on delete cascade,
  id           integer not null,
  turn         text not null,
  event        text not null,
  data         text not null,
  primary key (conversation, id)
) without rowid;

-- What the model is sent: llm.Message as JSON.
create table messages (
  conversation text not null references conversations(id) on delete cascade,
  seq          integer not null,
  turn         text not null,
  body         text not null,
  primary key (conversation, seq)
) without rowid;

-- The hash of each file as it was last shown to the model in a conversation.
create table shown (
  conversation text not null references conversations(id) on delete cascade,
  path         text not null,
  hash         text not null,
  primary key (conversation, path)
) without rowid;

-- The tools that the user allowed for the rest of a conversation.
create table grants (
  conversation text not null references conversations(id) on delete cascade,
  tool         text not null,
  primary key (conversation, tool)
) without rowid;

-- The edit journal; both texts are kept so that undo needs nothing else.
create table edits (
  id           text primary key,
  conversation text not null default '',
  path         text not null,
  source       text not null,             -- who: assistant, page, undo
  before_hash  text,                      -- null: the file was new
  after_hash   text,                      -- null: the file was removed
  before       blob,
  after        blob,
  state        text not null,             -- intent, done, failed
  undoes       text,                      -- the edit this one took back
  undone_by    text,
  created_at   text not null
);
create index edits_conversation on edits(conversation, created_at);

-- Runs: the work on a task from kickoff to its end.
create table runs (
  id          text primary key,
  slug        text not null,
  path        text not null,
  state       text not null,
  reason_code text not null default '',
  reason_text text not null default '',
  place       integer not null,           -- order of kickoff, grows
  attempt     integer not null default 0,
  worker      text not null default '',
  session     text not null default '',
  branch      text not null default '',
  base        text not null default '',
  worktree    text not null default '',
  worksheet   blob not null,              -- the file's bytes as kicked off
  hash        text not null,
  note        text not null default '',
  source      text not null default '',   -- cli, page, assistant
  priority    text not null default '',
  cost_usd    real,
  pr_url      text not null default '',
  queued_at   text not null,
  started_at  text,
  ended_at    text
);
-- One task has one active run at a time.
create unique index runs_active on runs(slug)
  where state in ('queued','blocked','dispatching','running','retrying','verifying','review');
create index runs_slug on runs(slug, queued_at);
