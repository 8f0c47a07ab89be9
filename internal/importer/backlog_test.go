package importer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"tasks/internal/importer"
	"tasks/internal/task"
)

func TestBrokenTasksAreToldAndTheRestGoesOn(t *testing.T) {
	good := "---\nid: %s\ntitle: Good %s\nstatus: To Do\n---\n\n## Description\n\nText.\n"
	h := newHouse(t, map[string]string{
		"backlog/config.yml":            "project_name: x\n",
		"backlog/tasks/task-1 - a.md":   fmt.Sprintf(good, "TASK-1", "one"),
		"backlog/tasks/task-2 - b.md":   "---\nid: TASK-2\ntitle: \"open\nstatus: To Do\n---\n",
		"backlog/tasks/task-3 - c.md":   "no front matter\n",
		"backlog/tasks/task-4 - d.md":   "---\nid: TASK-4\n",
		"backlog/tasks/task-5 - e.md":   "---\nid: TASK-5\ntitle: \xff\n---\n",
		"backlog/tasks/task-6 - f.md":   "---\r\nid: TASK-6\r\ntitle: Lines of Windows\r\nstatus: Bogus\r\npriority: Fancy\r\ncreated_date: soon\r\n---\r\n\r\n## Description\r\n\r\nText\x1b[31m.\r\n",
		"backlog/tasks/task-7 - g.md":   "\ufeff" + fmt.Sprintf(good, "TASK-7", "seven"),
		"backlog/tasks/task-8 - h.md":   fmt.Sprintf(good, "TASK-1", "again"),
		"backlog/tasks/task-9 - i.md":   "---\ntitle:\n---\n",
		"backlog/tasks/task-10 - j.md":  "---\nid: TASK-10\ntitle: Big\n---\n" + strings.Repeat("x", 3<<20),
		"backlog/tasks/task-11 - k.md":  "---\nid: ../../../etc/passwd\ntitle: ../../up\nstatus: To Do\nonStatusChange: 'touch owned'\nverify: ['touch owned']\n---\n",
		"backlog/tasks/task-12 - l.md":  bomb,
		"backlog/tasks/task-13 - m.md":  "---\nid: TASK-13\ntitle: Deep\nx: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "\n---\n",
		"backlog/tasks/task-14 - n.md":  "---\nid: TASK-14\ntitle: Body\n---\n# One\n## Plan\n```\nopen\n## Not a heading\n",
		"backlog/tasks/task-15 - o.md":  "---\nid: TASK-15\ntitle: Comment\n---\n## Notes\n\n<!-- never closed\n\n## Plan\n\ntext\n",
		"backlog/tasks/notes.txt":       "not read",
		"backlog/tasks/sub/task-99.md":  "not read",
		"secret/task-16 - p.md":         fmt.Sprintf(good, "TASK-16", "sixteen"),
		"backlog/completed/task-17.md":  fmt.Sprintf(good, "TASK-17", "seventeen"),
		"backlog/drafts/draft-1 - q.md": "---\nid: DRAFT-1\ntitle: 'Text: with <script>alert(1)</script> & \"quotes\"'\nstatus: Draft\nassignee: ['@@@']\nlabels: [a, '', \"b\\nc\"]\n---\n",
	})
	outside := filepath.Join(t.TempDir(), "out.md")
	if err := os.WriteFile(outside, []byte(fmt.Sprintf(good, "TASK-66", "outside")), 0o666); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(h.root, "backlog/tasks")
	if runtime.GOOS != "windows" {
		for name, to := range map[string]string{"link-out.md": outside, "link-in.md": "../../secret/task-16 - p.md"} {
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := syscall.Mkfifo(filepath.Join(dir, "fifo.md"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	before := h.files("backlog")
	r := h.run(importer.Options{From: "backlog"})
	h.valid()
	if !same(h.files("backlog"), before) {
		t.Error("files of theirs changed")
	}
	failed := map[string]string{}
	for _, i := range r.Items {
		if i.Result == importer.Failed {
			failed[i.Source] = strings.Join(i.Notes, "; ")
		}
	}
	for source, why := range map[string]string{
		"backlog/tasks/task-2 - b.md:3": "not yaml", "backlog/tasks/task-3 - c.md:1": "no front matter",
		"backlog/tasks/task-4 - d.md:1": "never ends", "backlog/tasks/task-5 - e.md": "not UTF-8",
		"backlog/tasks/task-10 - j.md": "longer than 2 MB", "backlog/tasks/task-13 - m.md:2": "deep",
		"backlog/tasks/link-out.md": "link", "backlog/tasks/link-in.md": "link", "backlog/tasks/fifo.md": "regular",
	} {
		if !strings.Contains(failed[source], why) {
			t.Errorf("%s: %q is not said, but %q", source, why, failed[source])
		}
		delete(failed, source)
	}
	for source, why := range failed {
		t.Errorf("%s failed: %s", source, why)
	}
	if n := r.Count(importer.Imported); n != 11 {
		t.Errorf("imported %d:\n%s", n, results(r))
	}
	for name, text := range h.files("tasks") {
		if strings.Contains(text, "outside") || strings.Contains(text, "sixteen") || strings.Contains(text, "\x1b") {
			t.Errorf("%s holds what it must not:\n%s", name, text)
		}
	}
	k, src := h.task("up")
	if len(k.Verify) != 0 || !strings.Contains(src, "onStatusChange: touch owned") {
		t.Errorf("a command of theirs is lost, or became one of ours:\n%s", src)
	}
	k, src = h.task("lines-of-windows")
	if k.Status != task.NotStarted || k.Priority != "" || !strings.Contains(src, "created_date: soon") || strings.Contains(src, "\r") {
		t.Errorf("the odd values are not kept:\n%s", src)
	}
	if i := item(t, r, "TASK-6"); len(i.Notes) != 3 {
		t.Errorf("its notes: %v", i.Notes)
	}
}

// bomb would unfold to a billion words.
var bomb = func() string {
	var b strings.Builder
	b.WriteString("---\nid: TASK-12\ntitle: Bomb\na0: &a0 [lol, lol]\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1)
	}
	b.WriteString("---\n")
	return b.String()
}()

// TestEarlyBacklog: what early versions of Backlog.md wrote, and a prefix that was
// changed since, as the tool's own repository has them.
func TestEarlyBacklog(t *testing.T) {
	h := newHouse(t, map[string]string{
		"backlog/config.yml":          "task_prefix: back\n",
		"backlog/tasks/back-1 - a.md": "---\nid: BACK-1\ntitle: A\nassignee: @ana\nreporter: @ben\n---\nMail @ana: see `x: @y`\n",
		"backlog/tasks/back-2 - b.md": "---\nid: BACK-2\ntitle: B\nassignee:\n  - @ana\n  - '@ben'\nlabels: [@x, y]\ndependencies: [task-1, task-001, task-9, draft-1]\nparent_task_id: task-1\n---\n",
		"backlog/tasks/back-3 - c.md": "---\nid: BACK-3\ntitle: \"C\nassignee: @ana\n---\n",
	})
	if err := os.Symlink(t.TempDir(), filepath.Join(h.root, "backlog/drafts")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	r := h.run(importer.Options{From: "backlog"})
	h.valid()
	a, src := h.task("a")
	if a.Owner != "ana" || !strings.Contains(src, `reporter: "@ben"`) || !strings.Contains(src, "Mail @ana: see `x: @y`") {
		t.Errorf("a is\n%s", src)
	}
	b, src := h.task("b")
	if fmt.Sprintf("%s %s %s %s", b.Owner, b.DependsOn, b.Parent, b.Labels) != "ana [a] a [@x y]" || !strings.Contains(src, "refers_to: [task-1, task-001]") {
		t.Errorf("b is\n%s", src)
	}
	if notes := strings.Join(item(t, r, "BACK-2").Notes, "\n"); !strings.Contains(notes, "task-1, which is not there: taken for BACK-1") || !strings.Contains(notes, "on task-9, which") || !strings.Contains(notes, "on draft-1, which") {
		t.Errorf("its notes:\n%s", notes)
	}
	if r.Count(importer.Failed) != 2 {
		t.Errorf("it came to\n%s", results(r))
	}
}
