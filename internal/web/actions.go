package web

import (
	"context"
	"net/http"
	"strings"

	"tasks/internal/run"
	"tasks/internal/task"
	"tasks/internal/tracker"
	"tasks/internal/trust"
)

// slugBody is the body of the actions on one task or run. The keys that later
// actions take are read with theirs.
type slugBody struct {
	Slug string `json:"slug"`
	Note string `json:"note"`
}

func (s *Server) slug(w http.ResponseWriter, r *request) (slugBody, error) {
	var in slugBody
	if err := decode(w, r, &in); err != nil {
		return in, err
	}
	return in, required("slug", in.Slug)
}

// setStatus is POST /actions/set-status, the same as `tasks update --status`.
func (s *Server) setStatus(w http.ResponseWriter, r *request) error {
	var in struct {
		Slug   string `json:"slug"`
		Status string `json:"status"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("slug", in.Slug, "status", in.Status); err != nil {
		return err
	}
	return s.writeStatus(w, r, in.Slug, in.Status, "")
}

// writeStatus sets a status, of the file with the hash where one is given. Ready is
// kickoff as well.
func (s *Server) writeStatus(w http.ResponseWriter, r *request, slug, status, hash string) error {
	ctx := r.Context()
	on, err := s.activeRun(ctx, slug)
	if err != nil {
		return err
	}
	ready := status == string(task.Ready)
	if ready { // what kickoff would refuse is not written
		if err := s.Manager.Check(ctx, slug); err != nil {
			return err
		}
	}
	t, err := s.Tracker.UpdateFrom(ctx, slug, hash, task.Change{Key: "status", Value: status})
	if err != nil {
		return err
	}
	var trusted []trust.Command
	if ready {
		if _, trusted, err = s.kickOff(r, t.Path, ""); err != nil {
			return err
		}
		on = nil // what it was given is what is written
	}
	s.Manager.TasksChanged()
	return s.taskAnswer(w, r, t, on, trusted...)
}

// newTask is POST /actions/new, the same as `tasks new`: a whole worksheet.
func (s *Server) newTask(w http.ResponseWriter, r *request) error {
	var in struct {
		Title      string `json:"title"`
		Workstream string `json:"workstream"`
		Priority   string `json:"priority"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required("title", in.Title); err != nil {
		return err
	}
	t, err := s.Tracker.Create(r.Context(), tracker.Draft{Title: in.Title, Workstream: strings.TrimSpace(in.Workstream), Priority: in.Priority})
	if err != nil {
		return err
	}
	s.Manager.TasksChanged()
	return s.taskAnswer(w, r, t, nil)
}

// taskAnswer answers a change of a task. on is the run that worked on it before, nil
// for none: the answer then says that it goes on with what it was given.
func (s *Server) taskAnswer(w http.ResponseWriter, r *request, t *task.Task, on *run.Run, trusted ...trust.Command) error {
	out, err := s.taskJSON(r.Context(), t, on)
	if err != nil {
		return err
	}
	return sendJSON(w, r, http.StatusOK, saying(out, trusted))
}

// taskJSON is a task with its run, and a warning where the run on holds it.
func (s *Server) taskJSON(ctx context.Context, t *task.Task, on *run.Run) (map[string]any, error) {
	latest, err := s.Runs.Latest(ctx, t.Slug)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"task": t.JSON(latest.JSON())}
	if on != nil {
		out["warning"] = heldBy(on)
	}
	return out, nil
}

// saying adds to an answer that this click was the first kickoff in a root that has
// commands of its own, and so lets them run.
func saying(answer map[string]any, trusted []trust.Command) map[string]any {
	if len(trusted) == 0 {
		return answer
	}
	texts := make([]string, len(trusted))
	for i, c := range trusted {
		texts[i] = c.Text
	}
	answer["trusted"] = texts
	answer["warning"] = "this first kickoff lets the repository's own commands run, tasks trust --revoke takes it back: " + strings.Join(texts, "; ")
	return answer
}

// heldBy says what a change of the worksheet means to the run that holds the task.
func heldBy(on *run.Run) string {
	if on.State.Waiting() {
		return "run " + on.ID + " waits in the queue with the worksheet as it was handed over: take the task out and hand it over again for this to count"
	}
	return "run " + on.ID + " works on the worksheet as it was handed over: send it a message, or write a follow-up task"
}

// activeRun is the run that holds the task, nil where none does.
func (s *Server) activeRun(ctx context.Context, slug string) (*run.Run, error) {
	t, err := s.Tracker.Find(ctx, slug)
	if err != nil {
		return nil, err
	}
	latest, err := s.Runs.Latest(ctx, t.Slug)
	if err != nil || latest == nil || !latest.State.Active() {
		return nil, err
	}
	return latest, nil
}

// kickoff is POST /actions/kickoff, the same as `tasks kickoff`.
func (s *Server) kickoff(w http.ResponseWriter, r *request) error {
	in, err := s.slug(w, r)
	if err != nil {
		return err
	}
	got, trusted, err := s.kickOff(r, in.Slug, in.Note)
	return s.runAnswer(w, r, got, err, trusted...)
}

// kickOff is a kickoff by a click, which may be the first that trusts, or by a program.
func (s *Server) kickOff(r *request, slug, note string) (got run.Run, trusted []trust.Command, err error) {
	if byHand(r) {
		got, _, trusted, err = s.Manager.KickoffByHand(r.Context(), slug, "page", note)
		return got, trusted, err
	}
	got, _, err = s.Manager.Kickoff(r.Context(), slug, "page", note)
	return got, nil, err
}

// byHand tells whether a page sent the request: browsers name it with every POST. A
// program that comes with the token alone is nobody's click.
func byHand(r *request) bool { return r.Header.Get("Origin") != "" || r.Header.Get("Referer") != "" }

// unqueue is POST /actions/unqueue, the same as `tasks unqueue`.
func (s *Server) unqueue(w http.ResponseWriter, r *request) error {
	in, err := s.slug(w, r)
	if err != nil {
		return err
	}
	got, err := s.Manager.Unqueue(r.Context(), in.Slug)
	return s.runAnswer(w, r, got, err)
}

func (s *Server) runAnswer(w http.ResponseWriter, r *request, got run.Run, err error, trusted ...trust.Command) error {
	if err != nil {
		return err
	}
	return sendJSON(w, r, http.StatusOK, saying(map[string]any{"run": got.JSON()}, trusted))
}
