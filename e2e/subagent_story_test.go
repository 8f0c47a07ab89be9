package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"tasks/internal/llm/llmtest"
)

// The whole way: the drawer asks, a person allows, the real Claude Code reads against
// a scripted model of its own, and its answer comes back into the conversation.
func TestSubagentFromTheDrawer(t *testing.T) {
	claude := need(t, "claude")
	root := write(t, map[string]string{"docs/birds.md": "# Birds\n\nThe heron stands at the weir.\n", ".env": "SECRET=CANARY-DOTENV\n", ".gitignore": ".env\n"})
	git(t, root, "init", "-q")
	git(t, root, "add", "-A")
	git(t, root, "commit", "-q", "-m", "birds")
	its := startMessages(t,
		step{text: "I will look.", calls: []call{{"Read", map[string]any{"file_path": filepath.Join(root, "docs/birds.md")}}, {"Read", map[string]any{"file_path": filepath.Join(root, ".env")}}}},
		step{text: "At the weir, says docs/birds.md:3."})
	model, err := llmtest.Start(llmtest.Script{
		{User: "heron", Text: "This wants a deeper look.", Calls: []llmtest.Call{{Name: "run_claude_subagent", Arguments: `{"task":"Where does the heron stand?"}`}}},
		{User: "heron", Results: 1, Result: "At the weir", Text: "The sub-agent found it: **at the weir**."},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	s := start(t, []string{"OPENAI_BASE_URL=" + model.URL(), "OPENAI_MODEL=scripted", "TASKS_CLAUDE=" + claude, "ANTHROPIC_BASE_URL=" + its.URL, "ANTHROPIC_API_KEY=sk-ant-scripted-for-the-subagent"},
		"serve", "-C", root, "--addr", "127.0.0.1:0")
	p := open(t, s, 1440, 900)
	p.visit(s, "browse/docs/birds.md")
	p.ask("Where is the heron?")
	p.until(`document.querySelector("[data-chat-allow]")?.getAttribute("aria-disabled") === "false"`)
	p.equal(`/cannot write/.test(document.querySelector("[data-chat-ask]").innerText)`, "true")
	p.equal(`/bubblewrap|landlock|neither/i.test(document.querySelector("[data-chat-ask]").innerText)`, "true")
	// The lines go when the call ends, perhaps before they were ever painted.
	js[bool](p, `(window.lines = [], new MutationObserver(all => all.forEach(m => m.addedNodes.forEach(n => window.lines.push(n.textContent)))).observe(document.querySelector("[data-chat-log]"), {childList: true, subtree: true}), true)`)
	p.decide("[data-chat-allow]")
	p.until(newest + `.innerText.includes("at the weir")`)
	if reason := p.done(); reason != "stop" {
		t.Errorf("reason %s", reason)
	}
	p.equal(`window.lines.includes("Read docs/birds.md")`, "true")
	p.equal(`document.querySelector(".tool[data-tool=run_claude_subagent]").dataset.state`, "ok")
	p.shot("story-subagent")
	if !strings.Contains(its.sent()[0], "(unavailable)") {
		t.Error("Claude Code saw git, which runs what a repository's configuration names")
	}
	for _, sent := range append(its.sent(), model.Requests()[1].Results[0].Text) {
		if strings.Contains(sent, "CANARY") {
			t.Error("a secret reached a model")
		}
	}
	if err := model.Err(); err != nil {
		t.Error(err)
	}
	p.quiet()
}
