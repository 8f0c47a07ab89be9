package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// client is an MCP client of a real bridge process.
type client struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

func startBridge(t *testing.T, dir string) *client {
	t.Helper()
	cmd := exec.Command(os.Args[0], bridgeName, dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the bridge ended with %v", err)
		}
	})
	return &client{t, in, bufio.NewReader(out)}
}

func (c *client) send(lines ...string) {
	c.t.Helper()
	for _, l := range lines {
		if _, err := io.WriteString(c.in, l+"\n"); err != nil {
			c.t.Fatal(err)
		}
	}
}

// next is the next answer, or what the tool said where it is one of the tool.
func (c *client) next() (id string, said map[string]any) {
	c.t.Helper()
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	var m struct {
		ID     json.RawMessage
		Result map[string]any
		Error  map[string]any
	}
	if err := json.Unmarshal(line, &m); err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	if m.Error != nil {
		return string(m.ID), m.Error
	}
	if list, ok := m.Result["content"].([]any); ok {
		text := list[0].(map[string]any)["text"].(string)
		var verdict map[string]any
		if err := json.Unmarshal([]byte(text), &verdict); err != nil {
			c.t.Fatalf("%s: %v", text, err)
		}
		return string(m.ID), verdict
	}
	return string(m.ID), m.Result
}

func call(id int, tool, input string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"approve","arguments":{"tool_name":%q,"input":%s,"tool_use_id":"t"}}}`, id, tool, input)
}

func TestQuestionsReachAPersonAndAnswersTheAgent(t *testing.T) {
	there, gone := make(chan struct{}), make(chan error, 1)
	d, err := openDesk(t.Context(), t.TempDir(), func(ctx context.Context, q Question) Decision {
		switch {
		case q.Tool == "Wait":
			close(there)
			<-ctx.Done()
			gone <- ctx.Err()
			return Decision{}
		case strings.Contains(string(q.Input), "rm"):
			return Decision{Why: "too dangerous"}
		}
		return Decision{Allow: q.Title != ""}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if info, err := os.Stat(d.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the desk's folder: %v, %v; want it for this user alone", info, err)
	}
	c := startBridge(t, d.dir)
	c.send(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}`, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	if _, r := c.next(); r["protocolVersion"] != "2025-06-18" {
		t.Errorf("initialize: %v", r)
	}
	c.send("not json", "", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	if _, r := c.next(); len(r["tools"].([]any)) != 1 {
		t.Errorf("tools: %v", r)
	}
	c.send(`{"jsonrpc":"2.0","id":2,"method":"resources/list"}`)
	if _, r := c.next(); r["code"] != -32601.0 {
		t.Errorf("an unknown method: %v", r)
	}
	c.send(call(3, "Bash", `{"command":"ls","n":1.50}`))
	if _, r := c.next(); r["behavior"] != "allow" || fmt.Sprint(r["updatedInput"]) != "map[command:ls n:1.5]" {
		t.Errorf("allowed: %v", r)
	}
	c.send(call(4, "Bash", `{"command":"rm -rf x"}`))
	if _, r := c.next(); r["behavior"] != "deny" || r["message"] != "refused: too dangerous" {
		t.Errorf("refused: %v", r)
	}
	big := `{"command":"` + strings.Repeat("y", 2*maxQuestion) + `"}`
	c.send(call(5, "Bash", big))
	if _, r := c.next(); r["behavior"] != "deny" {
		t.Errorf("a long one without a title: %v", r["behavior"])
	}
	c.send(call(6, "Wait", `{}`), call(7, "Bash", `{"command":"ls"}`))
	if id, r := c.next(); id != "7" || r["behavior"] != "allow" {
		t.Errorf("beside an open question: %s %v", id, r)
	}
	<-there // one that is withdrawn on its way never comes
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":6}}`)
	select {
	case <-gone:
	case <-time.After(30 * time.Second):
		t.Error("who withdrew the question is still waited for")
	}
	if _, r := c.next(); r["behavior"] != "deny" {
		t.Errorf("withdrawn: %v", r)
	}
}

// TestNobodyIsThere: without a desk, and when it closes meanwhile, the answer is no.
func TestNobodyIsThere(t *testing.T) {
	c := startBridge(t, t.TempDir())
	c.send(call(1, "Bash", `{"command":"ls"}`))
	if _, r := c.next(); r["behavior"] != "deny" || !strings.Contains(r["message"].(string), "nobody could be asked") {
		t.Errorf("without a desk: %v", r)
	}
	asked := make(chan bool, 1)
	d, err := openDesk(t.Context(), t.TempDir(), func(ctx context.Context, q Question) Decision {
		asked <- true
		<-ctx.Done()
		return Decision{Allow: true}
	})
	if err != nil {
		t.Fatal(err)
	}
	c = startBridge(t, d.dir)
	c.send(call(1, "Bash", `{"command":"ls"}`))
	<-asked
	d.close()
	if _, r := c.next(); r["behavior"] != "deny" {
		t.Errorf("after the end: %v", r)
	}
	if _, err := os.Stat(d.dir); err == nil {
		t.Error("the desk's folder is left")
	}
}

// TestTheDeskFitsIntoAnyFolder: the path of a socket is short.
func TestTheDeskFitsIntoAnyFolder(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := openDesk(t.Context(), long, func(context.Context, Question) Decision { return Decision{} })
	if err != nil {
		t.Fatal(err)
	}
	d.close()
}
