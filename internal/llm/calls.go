package llm

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"strings"

	"tasks/internal/fault"
)

// Bounds of what a model may ask for in one answer.
const (
	MaxCalls     = 128
	MaxArguments = 1 << 20 // bytes, for one call
)

// A CallPiece is what one chunk says about one tool call.
type CallPiece struct {
	Index     *int   // the call's place, nil where the server gives none
	ID        string // mostly in the first piece only
	Name      string
	Arguments []byte // as Unquote gives them, or a JSON object sent unquoted
	Extra     Extra
}

func (p *CallPiece) empty() bool {
	return p.ID == "" && p.Name == "" && len(p.Arguments) == 0 && len(p.Extra) == 0
}

// An Assembler puts tool calls together from their pieces.
//
// Servers disagree on what marks a call: its index may be missing, sparse or used
// again, its id missing, repeated, or new with each piece, its name split or
// repeated, its arguments doubled, grown from piece to piece or sent as an object.
// The rules: a known index or id names the call; a new id, or a name after whole
// arguments, begins another; a piece with neither goes on with the open call, by
// its position where a chunk carries several. Nothing counts as complete before
// Calls.
type Assembler struct {
	known map[string]bool
	list  []*partial
	batch []*partial // the calls of the chunk before, by position
	size  int
}

// NewAssembler makes an Assembler for an answer to a request with these tools.
func NewAssembler(tools []Tool) *Assembler {
	a := &Assembler{known: map[string]bool{}}
	for _, t := range tools {
		a.known[t.Name] = true
	}
	return a
}

// Size is the count of bytes taken in.
func (a *Assembler) Size() int { return a.size }

// Add takes in the pieces of one chunk and returns the names of calls that began
// with it. It fails, with code unavailable, beyond MaxCalls and MaxArguments.
func (a *Assembler) Add(pieces []CallPiece) (begun []string, err error) {
	var batch []*partial
	for i := range pieces {
		p := &pieces[i]
		if p.empty() {
			continue
		}
		c := a.find(p, len(pieces), i, batch)
		if c == nil {
			if len(a.list) == MaxCalls {
				return begun, fault.New(fault.Unavailable, "the model asked for more than %d tool calls at once", MaxCalls)
			}
			c = &partial{}
			a.list = append(a.list, c)
		}
		batch = append(batch, c)
		unnamed := c.name == ""
		a.size += c.add(p, a.known)
		if c.size > MaxArguments {
			return begun, fault.New(fault.Unavailable, "the model wrote more than %d MB of arguments for one tool call", MaxArguments>>20)
		}
		if unnamed && c.name != "" {
			begun = append(begun, c.name)
		}
	}
	if len(batch) > 0 {
		a.batch = batch
	}
	return begun, nil
}

// find is the call that p goes on with; nil where it begins one.
func (a *Assembler) find(p *CallPiece, count, pos int, batch []*partial) *partial {
	c := a.named(p)
	if c == nil && p.Index == nil && p.ID == "" && len(a.list) > 0 {
		c = a.list[len(a.list)-1]
		if count > 1 && len(a.batch) == count {
			c = a.batch[pos]
		}
		for _, sibling := range batch {
			if c == sibling && p.Name != "" {
				return nil // two elements of one chunk are two calls
			}
		}
	}
	if c == nil || c.begins(p, a.known) {
		return nil
	}
	return c
}

// named is the call that p's index or id names, or nil.
func (a *Assembler) named(p *CallPiece) *partial {
	var byID, byIndex *partial
	for _, c := range a.list { // the last one wins: an index may be used again
		if p.ID != "" && c.id == p.ID {
			byID = c
		}
		if p.Index != nil && c.index != nil && *c.index == *p.Index {
			byIndex = c
		}
	}
	switch {
	case byIndex != nil && (p.ID == "" || byIndex.id == "" || byIndex.id == p.ID):
		return byIndex
	case byIndex != nil && byID == nil && byIndex.open(p):
		return byIndex // a server that makes a new id for each piece
	case byID != nil && p.Index != nil && byID.index != nil:
		return nil // an index of its own: another call, though the id is the same
	case byID != nil:
		return byID
	case p.Index == nil && p.ID != "" && p.Name == "" && len(a.list) > 0:
		if last := a.list[len(a.list)-1]; last.open(p) {
			return last
		}
	case p.Index != nil && p.ID == "" && p.Name == "" && *p.Index >= 0 && *p.Index < len(a.list):
		if c := a.list[*p.Index]; c.index == nil {
			return c // begun without an index
		}
	}
	return nil
}

// Calls are the calls in the order they began, each with an id of its own.
func (a *Assembler) Calls() []Call {
	var calls []Call
	ids := map[string]bool{}
	for _, c := range a.list {
		if c.name == "" && len(c.args) == 0 {
			continue
		}
		id := c.id
		if id == "" || ids[id] {
			id = newID()
		}
		ids[id] = true
		calls = append(calls, Call{ID: id, Name: c.name, Arguments: c.arguments(), Extra: c.extra})
	}
	return calls
}

// newID makes an id that every server takes: some want exactly nine letters and
// digits.
func newID() string { return "c" + strings.ToLower(rand.Text()[:8]) }

// partial is a call in the making.
type partial struct {
	index *int
	id    string
	name  string
	args  []byte
	last  int // where the last top-level value of args begins
	depth int
	quote bool // inside a string
	slash bool // after a backslash in it
	ended bool // a top-level value has ended and none has begun since
	extra Extra
	size  int
}

// whole tells whether the arguments so far are one or more complete values.
func (c *partial) whole() bool { return c.ended }

// open tells whether p, which bears another id, can still belong to c.
func (c *partial) open(p *CallPiece) bool {
	return !c.whole() && (p.Name == "" || p.Name == c.name && len(c.args) > 0)
}

// begins tells whether p begins a call of its own, though its index and id do not
// tell it from c.
func (c *partial) begins(p *CallPiece, known map[string]bool) bool {
	switch {
	case p.Name == "" || c.name == "":
		return false
	case p.Name != c.name && len(c.args) > 0:
		return true
	case p.Name != c.name: // a split name, or two calls without arguments
		return known[c.name] && known[p.Name] && !known[c.name+p.Name]
	}
	return c.whole() && bytes.HasPrefix(p.Arguments, []byte{'{'}) && !extends(c.args[c.last:], p.Arguments)
}

// add takes p in and returns how many bytes that were.
func (c *partial) add(p *CallPiece, known map[string]bool) int {
	before := c.size
	if c.index == nil && p.Index != nil {
		c.index = p.Index
	}
	if c.id == "" {
		c.id = p.ID
		c.size += len(p.ID)
	}
	c.rename(p.Name, known)
	for _, b := range p.Arguments {
		c.scan(b)
	}
	c.size += len(p.Arguments)
	for k, v := range p.Extra {
		if c.extra == nil {
			c.extra = Extra{}
		}
		c.extra[k] = v
		c.size += len(k) + len(v)
	}
	return c.size - before
}

// rename takes in a piece of the name, or the name again.
func (c *partial) rename(name string, known map[string]bool) {
	switch joined := c.name + name; {
	case name == "" || name == c.name:
		return
	case c.name == "":
		c.name = name
	case len(c.args) > 0:
		return // the first name wins
	case known[joined]:
		c.name = joined
	case known[name] || strings.HasPrefix(name, c.name):
		c.name = name
	case known[c.name]:
		return
	default:
		c.name = joined
	}
	c.size += len(name)
}

// scan appends one byte of arguments, following where values begin and end, so
// that no piece makes us read all of them again.
func (c *partial) scan(b byte) {
	space := b == ' ' || b == '\n' || b == '\r' || b == '\t'
	if c.depth == 0 && !c.quote && !space && (c.ended || len(c.args) == 0) {
		c.last, c.ended = len(c.args), false
	}
	c.args = append(c.args, b)
	switch {
	case c.slash:
		c.slash = false
	case c.quote:
		c.slash = b == '\\'
		c.quote = b != '"'
	case b == '"':
		c.quote = true
	case b == '{' || b == '[':
		c.depth++
	case b == '}' || b == ']':
		c.depth--
		c.ended = c.depth == 0
	}
}

// arguments are the arguments as they will be run: "{}" where there were none, the
// last where the server sent them several times, else as the model wrote them.
func (c *partial) arguments() string {
	var j Joiner
	text := strings.TrimSpace(j.Write(c.args) + j.Flush())
	if text == "" || text == "null" {
		return "{}"
	}
	if json.Valid([]byte(text)) {
		return text
	}
	var last json.RawMessage
	for dec := json.NewDecoder(strings.NewReader(text)); ; {
		var next json.RawMessage
		switch err := dec.Decode(&next); {
		case err == io.EOF:
			return string(last)
		case err != nil || next[0] != '{' || last != nil && !extends(last, next):
			return text
		}
		last = next
	}
}

// extends tells whether the object next holds all that the object old does: the
// server sends snapshots.
func extends(old, next []byte) bool {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(old, &a) != nil {
		return false
	}
	if len(a) == 0 {
		return true
	}
	if json.Unmarshal(next, &b) != nil {
		return false
	}
	for k, v := range a {
		if !bytes.Equal(v, b[k]) {
			return false
		}
	}
	return true
}
