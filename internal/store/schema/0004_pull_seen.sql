-- What the forge said last of a run's pull request, for every process that tells of it.
alter table runs add column pr_state text not null default '';
alter table runs add column pr_checks text not null default '';
alter table runs add column pr_conflicts integer not null default 0;
-- The work stands on a new base: what is next is verify, not the agent.
alter table runs add column proof integer not null default 0;
