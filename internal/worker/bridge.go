package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
)

// bridgeName is the hidden command that carries an agent's questions from its MCP client
// to the desk of the turn.
const bridgeName = "ask-bridge"

// Bridge is the entry of the bridge: main calls it before anything else, and it returns
// false at once where this process is not one.
func Bridge() bool {
	if len(os.Args) != 3 || os.Args[1] != bridgeName {
		return false
	}
	signal.Ignore(os.Interrupt) // it is the agent's; we end with our input
	b := &bridge{dir: os.Args[2], out: os.Stdout, calls: map[string]context.CancelFunc{}}
	b.serve(os.Stdin)
	return true
}

// bridge is an MCP server of one tool over standard input and output: JSON-RPC, one
// message a line.
type bridge struct {
	dir   string
	mu    sync.Mutex
	out   io.Writer
	calls map[string]context.CancelFunc // open calls by their id
}

// message is what of a JSON-RPC message we read.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		ProtocolVersion string          `json:"protocolVersion"`
		Name            string          `json:"name"`
		RequestID       json.RawMessage `json:"requestId"`
		Arguments       struct {
			Tool  string          `json:"tool_name"`
			Input json.RawMessage `json:"input"`
		} `json:"arguments"`
	} `json:"params"`
}

func (b *bridge) serve(in io.Reader) {
	ctx, cancel := context.WithCancel(context.Background())
	var calls sync.WaitGroup
	defer calls.Wait()
	defer cancel()
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		var m message
		if len(bytes.TrimSpace(line)) > 0 && json.Unmarshal(line, &m) == nil {
			b.take(ctx, m, &calls)
		}
		if err != nil {
			return
		}
	}
}

func (b *bridge) take(ctx context.Context, m message, calls *sync.WaitGroup) {
	switch m.Method {
	case "initialize":
		b.answer(m.ID, map[string]any{
			"protocolVersion": m.Params.ProtocolVersion, "capabilities": map[string]any{"tools": map[string]any{}},
			"serverInfo": map[string]any{"name": "tasks", "version": "1"},
		})
	case "ping":
		b.answer(m.ID, map[string]any{})
	case "tools/list":
		b.answer(m.ID, map[string]any{"tools": []any{map[string]any{
			"name": "approve", "description": "Asks a person whether a tool may be used.",
			"inputSchema": map[string]any{"type": "object", "properties": map[string]any{
				"tool_name": map[string]any{"type": "string"}, "input": map[string]any{"type": "object"}, "tool_use_id": map[string]any{"type": "string"},
			}, "required": []string{"tool_name", "input"}},
		}}})
	case "tools/call":
		ctx, cancel := context.WithCancel(ctx)
		b.mu.Lock()
		b.calls[string(m.ID)] = cancel
		b.mu.Unlock()
		calls.Go(func() {
			defer cancel()
			b.call(ctx, m)
			b.mu.Lock()
			delete(b.calls, string(m.ID))
			b.mu.Unlock()
		})
	case "notifications/cancelled":
		b.mu.Lock()
		if cancel := b.calls[string(m.Params.RequestID)]; cancel != nil {
			cancel()
		}
		b.mu.Unlock()
	default:
		if len(m.ID) > 0 {
			b.send(map[string]any{"jsonrpc": "2.0", "id": m.ID, "error": map[string]any{"code": -32601, "message": "there is no such method"}})
		}
	}
}

// call asks at the desk. Where nobody can be asked the answer is no.
func (b *bridge) call(ctx context.Context, m message) {
	a := m.Params.Arguments
	verdict := map[string]any{"behavior": "deny"}
	d, err := askAt(ctx, b.dir, a.Tool, a.Input)
	switch {
	case err != nil:
		verdict["message"] = "nobody could be asked: " + err.Error()
	case d.Allow:
		verdict = map[string]any{"behavior": "allow", "updatedInput": a.Input}
	case d.Why != "":
		verdict["message"] = "refused: " + d.Why
	default:
		verdict["message"] = "refused by the person who was asked"
	}
	text, err := json.Marshal(verdict)
	if err != nil {
		text = []byte(`{"behavior":"deny","message":"the input is not JSON"}`)
	}
	b.answer(m.ID, map[string]any{"content": []any{map[string]any{"type": "text", "text": string(text)}}})
}

// askAt puts one question to the desk in dir and waits for the answer.
func askAt(ctx context.Context, dir, tool string, input json.RawMessage) (slip, error) {
	var none slip
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, deskSocket))
	if err != nil {
		return none, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if len(input) > maxQuestion {
		if input, err = json.Marshal(map[string]string{"cut": string(bytes.ToValidUTF8(input[:maxQuestion/2], []byte("\uFFFD")))}); err != nil {
			return none, err
		}
	}
	if err := json.NewEncoder(conn).Encode(slip{Tool: tool, Input: input}); err != nil {
		return none, err
	}
	var d slip
	err = json.NewDecoder(io.LimitReader(conn, 1<<20)).Decode(&d)
	return d, err
}

func (b *bridge) answer(id json.RawMessage, result any) {
	if len(id) > 0 {
		b.send(map[string]any{"jsonrpc": "2.0", "id": id, "result": result})
	}
}

func (b *bridge) send(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out.Write(append(line, '\n'))
}
