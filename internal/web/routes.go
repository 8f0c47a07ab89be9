package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"tasks/internal/fault"
)

// class says what a route is, and so what stands before it and how it fails.
type class int

const (
	page    class = iota // GET; fails with a page
	data                 // GET; fails with JSON
	asset                // GET; public, no cookie
	action               // POST with JSON, behind the guard; fails with JSON
	stream               // GET of events or chat data, behind the guard; fails with JSON
	trigger              // as action, but another method is told so first; fails with JSON
)

// route is one line of the table. A path that ends in /* takes what is below it.
type route struct {
	class  class
	path   string
	handle func(*Server, http.ResponseWriter, *request) error
}

// routes is every address of the site. The first that fits answers.
var routes = []route{
	// pages
	{page, "/", (*Server).home},
	{page, "/browse", (*Server).browse},
	{page, "/browse/*", (*Server).browse},
	{page, "/docs", (*Server).docsAlias},
	{page, "/docs/*", (*Server).docsAlias},
	{page, "/tasks", (*Server).tasks},
	{page, "/tasks/*", (*Server).task},
	{page, "/board", (*Server).board},
	{page, "/graph", (*Server).graph},
	{page, "/status", (*Server).status},
	{page, "/runs/*", (*Server).run},
	{page, "/activity", (*Server).activity},
	{page, "/workstreams", (*Server).workstreams},
	{page, "/workstreams/*", (*Server).workstreams},
	{page, "/milestones", (*Server).milestones},
	{page, "/milestones/*", (*Server).milestones},
	{page, "/initiatives", (*Server).initiatives},
	{page, "/initiatives/*", (*Server).initiatives},
	{page, "/team", (*Server).team},
	{page, "/team/*", (*Server).team},
	{page, "/search", (*Server).search},
	{page, "/links", (*Server).links},
	{page, "/login", (*Server).login},

	// the same as data
	{data, "/status.json", (*Server).statusJSON},
	{data, "/run.json", (*Server).runJSON},
	{data, "/remotes.json", (*Server).remotesJSON},
	{data, "/search.json", (*Server).searchJSON},
	{data, "/tasks.json", (*Server).tasksJSON},
	{data, "/fields.json", (*Server).fieldsJSON},
	{data, "/history.json", (*Server).historyJSON},
	{data, "/section.json", (*Server).sectionJSON},
	{data, "/llms.txt", (*Server).llms},
	{data, "/links.json", (*Server).linksJSON},
	{data, "/healthz", (*Server).healthz},

	// scripts, styles, fonts
	{asset, "/tasks-assets/*", (*Server).asset},
	{asset, "/favicon.ico", (*Server).favicon},

	// the assistant
	{action, "/actions/chat", (*Server).chatStart},
	{stream, "/actions/chat/events", (*Server).chatEvents},
	{action, "/actions/chat/stop", (*Server).chatStop},
	{action, "/actions/chat/approve", (*Server).chatApprove},
	{action, "/actions/chat/undo", (*Server).chatUndo},
	{stream, "/actions/chat/conversations", (*Server).chatList},
	{stream, "/actions/chat/conversations/*", (*Server).chatShow},

	// tasks and runs
	{action, "/actions/set-status", (*Server).setStatus},
	{action, "/actions/new", (*Server).newTask},
	{action, "/actions/set-field", (*Server).setField},
	{action, "/actions/set-section", (*Server).setSection},
	{action, "/actions/set-box", (*Server).setBox},
	{action, "/actions/undo", (*Server).undo},
	{action, "/actions/preview", (*Server).preview},
	{action, "/actions/kickoff", (*Server).kickoff},
	{action, "/actions/unqueue", (*Server).unqueue},
	{action, "/actions/dispatch", (*Server).dispatch},
	{action, "/actions/run/send", (*Server).runSend},
	{action, "/actions/run/stop", (*Server).runStop},
	{action, "/actions/run/accept", (*Server).runAccept},
	{action, "/actions/run/reject", (*Server).runReject},
	{action, "/actions/run/retry", (*Server).runRetry},
	{action, "/actions/run/answer", (*Server).runAnswerAsk},
	{action, "/actions/run/comment", (*Server).runComment},
	{action, "/actions/run/uncomment", (*Server).runUncomment},
	{action, "/actions/run/review", (*Server).runReview},
	{action, "/actions/run/rebase", (*Server).runRebase},
	{action, "/actions/run/push", (*Server).runPush},
	{action, "/actions/run/pr", (*Server).runPR},
	{action, "/actions/run/merge", (*Server).runMerge},
	{stream, "/actions/run/events", (*Server).runEvents},
	{action, "/actions/*", nil}, // behind the guard as well

	// as the Symphony specification has it
	{data, "/api/v1/state", (*Server).apiState},
	{trigger, "/api/v1/refresh", (*Server).apiRefresh},
	{data, "/api/v1/*", (*Server).apiIssue},

	// live changes
	{stream, "/events", (*Server).events},
}

// byPath finds exact paths; the few prefixes are in order.
var byPath, prefixes = func() (map[string]*route, []*route) {
	exact, below := map[string]*route{}, []*route{}
	for i := range routes {
		if rt := &routes[i]; strings.HasSuffix(rt.path, "/*") {
			below = append(below, rt)
		} else {
			exact[rt.path] = rt
		}
	}
	return exact, below
}()

// find finds the route of a request and takes its path apart.
func find(r *request) (*route, error) {
	path := r.URL.EscapedPath()
	if rt := byPath[path]; rt != nil {
		return rt, nil
	}
	for _, rt := range prefixes {
		rest, ok := strings.CutPrefix(path, strings.TrimSuffix(rt.path, "*"))
		if !ok {
			continue
		}
		if r.slash = rest == "" || strings.HasSuffix(rest, "/"); r.slash {
			rest = strings.TrimSuffix(rest, "/")
		}
		if rest == "" {
			return rt, nil
		}
		for _, part := range strings.Split(rest, "/") {
			name, err := segment(part)
			if err != nil {
				return rt, err
			}
			r.rest = append(r.rest, name)
		}
		return rt, nil
	}
	return nil, fault.New(fault.NotFound, "there is no page at this address")
}

// segment decodes one part of a path, once. What could mean another part or
// another file than it looks like is not found.
func segment(part string) (string, error) {
	name, err := url.PathUnescape(part)
	if err != nil || name == "" || name == "." || name == ".." || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\x00") {
		return "", fault.New(fault.NotFound, "there is no page at this address")
	}
	return name, nil
}

// rel is the rest of the path as a name in the repository.
func (r *request) rel() string { return strings.Join(r.rest, "/") }
