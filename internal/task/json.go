package task

import "time"

// JSON is the contract's Task, the one form in which a task is shown to programs:
// by commands, pages and tools alike. An absent scalar is null, an absent list [].
type JSON struct {
	Slug        string     `json:"slug"`
	ID          string     `json:"id"`
	Path        string     `json:"path"`
	Title       *string    `json:"title"`
	Description *string    `json:"description"`
	Status      *string    `json:"status"`
	Priority    *string    `json:"priority"`
	Milestone   *string    `json:"milestone"`
	Workstream  *string    `json:"workstream"`
	Initiative  *string    `json:"initiative"`
	Owner       *string    `json:"owner"`
	DependsOn   []string   `json:"depends_on"`
	Labels      []string   `json:"labels"`
	CreatedAt   *time.Time `json:"created_at"`
	UpdatedAt   *time.Time `json:"updated_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Hash        string     `json:"hash"`
	Broken      *Broken    `json:"broken"`
	Run         any        `json:"run"`
}

// JSON is t with the run that works on it in its own JSON form; an untyped nil
// for none (a nil pointer in an interface is written as null as well).
func (t *Task) JSON(run any) JSON {
	return JSON{
		Slug:        t.Slug,
		ID:          t.ID,
		Path:        t.Path,
		Title:       scalar(t.Title),
		Description: scalar(t.Description),
		Status:      scalar(string(t.Status)),
		Priority:    scalar(t.Priority),
		Milestone:   scalar(t.Milestone),
		Workstream:  scalar(t.Workstream),
		Initiative:  scalar(t.Initiative),
		Owner:       scalar(t.Owner),
		DependsOn:   stringList(t.DependsOn),
		Labels:      stringList(t.Labels),
		CreatedAt:   timeOf(t.CreatedAt),
		UpdatedAt:   timeOf(t.UpdatedAt),
		CompletedAt: timeOf(t.CompletedAt),
		Hash:        t.Hash,
		Broken:      t.Broken,
		Run:         run,
	}
}

func scalar(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func stringList(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
