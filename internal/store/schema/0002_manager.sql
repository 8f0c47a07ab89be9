-- What the manager knows of a run at work. The lease says who may write of it: every
-- change of a leased run names its token.
alter table runs add column lease text not null default '';       -- token of the claim
alter table runs add column lease_until text;
alter table runs add column pid integer not null default 0;       -- of the supervisor
alter table runs add column pid_start text not null default '';   -- when it started, as the system tells
alter table runs add column phase text not null default '';       -- what a run at work is doing
alter table runs add column retry_at text;
alter table runs add column crashes integer not null default 0;   -- supervisors lost since the last attempt that ended by itself
alter table runs add column begin text not null default '';       -- commit that the branch began at
alter table runs add column head text not null default '';        -- commit under review
alter table runs add column port integer not null default 0;      -- first of its ten
alter table runs add column turns integer not null default 0;
alter table runs add column input_tokens integer not null default 0;
alter table runs add column output_tokens integer not null default 0;
alter table runs add column event_at text;                        -- the newest word of the agent
alter table runs add column stop text not null default '';        -- '' or why it is to end
alter table runs add column landed text not null default '';      -- commit that brought it onto the base
alter table runs add column title text not null default '';       -- the task's, at kickoff
alter table runs add column workstream text not null default '';
alter table runs add column owner text not null default '';
create index runs_state on runs(state);

-- An attempt is one agent session's work between two states of rest.
create table attempts (
  run           text not null references runs(id) on delete cascade,
  n             integer not null,
  worker        text not null default '',
  session       text not null default '',
  started_at    text not null,
  ended_at      text,
  outcome       text not null default '',  -- finished, failed, stopped, lost
  reason_code   text not null default '',
  reason_text   text not null default '',
  exit_code     integer,
  last_words    text not null default '',
  commits       text not null default '',  -- hashes, a space between
  turns         integer not null default 0,
  input_tokens  integer not null default 0,
  output_tokens integer not null default 0,
  cost_usd      real,
  primary key (run, n)
) without rowid;

-- Messages of people to a run.
create table run_messages (
  id         integer primary key,
  run        text not null references runs(id) on delete cascade,
  text       text not null,
  now        integer not null default 0,   -- interrupts the present step
  kind       text not null default 'message', -- message, review
  source     text not null default '',     -- cli, page, assistant
  state      text not null default 'queued', -- queued, sent
  created_at text not null,
  sent_at    text,
  attempt    integer not null default 0    -- the attempt that got it
);
create index run_messages_run on run_messages(run, state, id);

-- Questions of an agent that a person answers.
create table run_asks (
  id          text primary key,
  run         text not null references runs(id) on delete cascade,
  attempt     integer not null,
  tool        text not null,
  title       text not null default '',
  input       text not null,
  state       text not null default 'open', -- open, allow, deny, lapsed
  answer      text not null default '',
  created_at  text not null,
  answered_at text
);
create index run_asks_run on run_asks(run, created_at);

-- Comments of a review: drafts until they are sent back as one.
create table run_comments (
  id         text primary key,
  run        text not null references runs(id) on delete cascade,
  path       text not null,
  line       integer not null,             -- from 1, of the side; 0: the file
  side       text not null default 'new',  -- new, old
  quote      text not null default '',     -- the line as it was
  text       text not null,
  state      text not null default 'draft', -- draft, sent
  created_at text not null
);
create index run_comments_run on run_comments(run, created_at);

-- What the manager ran to prove a run: the whole output lies in the run's folder.
create table evidence (
  run       text not null references runs(id) on delete cascade,
  attempt   integer not null,
  n         integer not null,
  command   text not null,
  exit_code integer not null,
  ok        integer not null,
  took_ms   integer not null,
  output    text not null default '',      -- its end
  file      text not null default '',      -- name in the run's folder
  commit_id text not null default '',      -- the commit it was run on
  at        text not null,
  primary key (run, attempt, n)
) without rowid;
