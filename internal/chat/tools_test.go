package chat_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"tasks/internal/fault"
	"tasks/internal/repo"
	"tasks/internal/tool"
)

// bench is the tools of these tests. They do real things to real files.
type bench struct {
	repo  *repo.Repo
	order []tool.Tool
	mu    sync.Mutex
	runs  []string // names of the tools that ran
}

func (b *bench) All() []tool.Tool { return b.order }

func (b *bench) Find(name string) tool.Tool {
	for _, t := range b.order {
		if t.Name() == name {
			return t
		}
	}
	return nil
}

func (b *bench) ran() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.runs, " ")
}

// add puts a tool on the bench.
func (b *bench) add(name string, class tool.Class, prepare func(ctx context.Context, s tool.Session, args map[string]string) (*tool.Plan, error)) {
	b.order = append(b.order, &simple{b, name, class, prepare})
}

// simple is a tool whose arguments are an object of strings.
type simple struct {
	b       *bench
	name    string
	class   tool.Class
	prepare func(ctx context.Context, s tool.Session, args map[string]string) (*tool.Plan, error)
}

func (s *simple) Name() string            { return s.name }
func (s *simple) Description() string     { return "does " + s.name }
func (s *simple) Schema() json.RawMessage { return json.RawMessage(`{"type":"object"}`) }
func (s *simple) Class() tool.Class       { return s.class }

func (s *simple) Prepare(ctx context.Context, session tool.Session, arguments string) (*tool.Plan, error) {
	var args map[string]string
	if err := json.Unmarshal([]byte(arguments), &args); err != nil {
		return nil, fault.New(fault.Invalid, "the arguments are not an object of strings: %v", err)
	}
	p, err := s.prepare(ctx, session, args)
	if err != nil {
		return nil, err
	}
	p.Arguments, _ = json.Marshal(args)
	if p.Digest == "" {
		p.Digest = repo.Hash(p.Arguments)
	}
	run := p.Run
	p.Run = func(ctx context.Context, progress func(string)) tool.Result {
		s.b.mu.Lock()
		s.b.runs = append(s.b.runs, s.name)
		s.b.mu.Unlock()
		return run(ctx, progress)
	}
	return p, nil
}

// does is a plan that gives a result.
func does(r tool.Result) *tool.Plan {
	return &tool.Plan{Sentence: "Do it", Run: func(context.Context, func(string)) tool.Result { return r }}
}

func newBench(r *repo.Repo) *bench {
	b := &bench{repo: r}
	b.add("read_file", tool.Read, func(_ context.Context, s tool.Session, args map[string]string) (*tool.Plan, error) {
		f, err := r.ReadFile(args["path"], 100<<10)
		if err != nil {
			return nil, err
		}
		s.SetShown(args["path"], f.Hash)
		return does(tool.Result{Status: tool.OK, Summary: "Read " + args["path"], Content: string(f.Data), Taints: args["path"] != s.Doc()}), nil
	})
	b.add("edit_file", tool.Edit, func(_ context.Context, s tool.Session, args map[string]string) (*tool.Plan, error) {
		f, err := r.ReadFile(args["path"], 0)
		if err != nil {
			return nil, err
		}
		if s.Shown(args["path"]) != f.Hash {
			return nil, fault.New(fault.Conflict, "%s is not as last shown", args["path"])
		}
		if !strings.Contains(string(f.Data), args["old"]) {
			return nil, fault.New(fault.Invalid, "the text to replace is not there")
		}
		after := strings.Replace(string(f.Data), args["old"], args["new"], 1)
		return &tool.Plan{Sentence: "Edit " + args["path"], Diff: "-" + args["old"] + "\n+" + args["new"],
			Digest: repo.Hash([]byte(args["path"] + f.Hash + after)), Sensitive: strings.HasPrefix(args["old"], "---"),
			Run: func(ctx context.Context, _ func(string)) tool.Result {
				hash, err := r.Replace(ctx, args["path"], []byte(after), f.Hash)
				if err != nil {
					return tool.Result{Status: tool.Error, Summary: err.Error(), Content: err.Error()}
				}
				s.SetShown(args["path"], hash)
				return tool.Result{Status: tool.OK, Summary: "Edited " + args["path"], Content: "done"}
			}}, nil
	})
	b.add("agent", tool.Agent, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
		return does(tool.Result{Status: tool.OK, Content: "the agent says hello", Taints: true}), nil
	})
	b.add("register", tool.Register, func(context.Context, tool.Session, map[string]string) (*tool.Plan, error) {
		return does(tool.Result{Status: tool.OK, Content: "place 1"}), nil
	})
	return b
}
