package run

import (
	"context"
	"fmt"
	"time"

	"tasks/internal/fault"
)

// Comment is a reviewer's word on a line of the diff.
type Comment struct {
	ID, Run, Path string
	Line          int    // from 1, of the side; 0: the whole file
	Side          string // "new" or "old"
	Quote         string // the line as it was
	Text          string
	Sent          bool
	CreatedAt     time.Time
}

// AddComment records a draft; its id is made here.
func (s *Store) AddComment(ctx context.Context, c Comment) (Comment, error) {
	switch {
	case s.db == nil:
		return c, fault.New(fault.NotFound, "there is no run to comment on")
	case c.Text == "" || len(c.Text) > MaxMessage:
		return c, fault.New(fault.Usage, "a comment has from 1 to %d bytes", MaxMessage)
	case c.Path == "" || c.Line < 0:
		return c, fault.New(fault.Usage, "a comment stands at a path and a line from 0")
	}
	if c.Side != "old" {
		c.Side = "new"
	}
	if c.CreatedAt.IsZero() {
		c.CreatedAt = time.Now()
	}
	c.ID = newID(c.CreatedAt)
	_, err := s.exec(ctx, "comment on", c.Run, `insert into run_comments (id, run, path, line, side, quote, text, created_at) values (?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.Run, c.Path, c.Line, c.Side, c.Quote, c.Text, at(c.CreatedAt))
	return c, err
}

// DropComment takes a draft back. NotFound where there is no such draft.
func (s *Store) DropComment(ctx context.Context, runID, id string) error {
	n, err := s.exec(ctx, "comment on", runID, `delete from run_comments where run = ? and id = ? and state = 'draft'`, runID, id)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "the run has no draft of a comment %q", id)
	}
	return err
}

// SentComments marks the drafts as sent.
func (s *Store) SentComments(ctx context.Context, runID string) error {
	_, err := s.exec(ctx, "comments on", runID, `update run_comments set state = 'sent' where run = ? and state = 'draft'`, runID)
	return err
}

// Comments are those of a run, by path, line and time.
func (s *Store) Comments(ctx context.Context, runID string) ([]Comment, error) {
	if s.db == nil {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, `select id, run, path, line, side, quote, text, state = 'sent', created_at
		from run_comments where run = ? order by path, line, created_at, id`, runID)
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	defer rows.Close()
	var list []Comment
	for rows.Next() {
		var c Comment
		var made string
		if err := rows.Scan(&c.ID, &c.Run, &c.Path, &c.Line, &c.Side, &c.Quote, &c.Text, &c.Sent, &made); err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		if c.CreatedAt, err = instant(made); err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// Evidence is one command of verify as the manager ran it.
type Evidence struct {
	Run      string
	Attempt  int
	N        int // from 1
	Command  string
	ExitCode int // -1 where it did not end by itself
	OK       bool
	Took     time.Duration
	Output   string // its end
	File     string // name of the whole output in the run's folder
	Commit   string // what it was run on
	At       time.Time
}

// AddEvidence records it.
func (s *Store) AddEvidence(ctx context.Context, e Evidence) error {
	_, err := s.exec(ctx, "evidence of", e.Run, `insert or replace into evidence (run, attempt, n, command, exit_code, ok, took_ms, output, file, commit_id, at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.Run, e.Attempt, e.N, e.Command, e.ExitCode, e.OK, e.Took.Milliseconds(), e.Output, e.File, e.Commit, at(e.At))
	return err
}

// EvidenceOf is what was run for a run, oldest first.
func (s *Store) EvidenceOf(ctx context.Context, runID string) ([]Evidence, error) {
	if s.db == nil {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, `select run, attempt, n, command, exit_code, ok, took_ms, output, file, commit_id, at
		from evidence where run = ? order by attempt, n`, runID)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	defer rows.Close()
	var list []Evidence
	for rows.Next() {
		var e Evidence
		var ms int64
		var when string
		if err := rows.Scan(&e.Run, &e.Attempt, &e.N, &e.Command, &e.ExitCode, &e.OK, &ms, &e.Output, &e.File, &e.Commit, &when); err != nil {
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		e.Took = time.Duration(ms) * time.Millisecond
		if e.At, err = instant(when); err != nil {
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
