-- The newest run of each task is asked for with every page and beat.
create index runs_newest on runs(slug, place);
