// Tests of the browser modules that need no browser. Run by js_test.go with node.
import assert from "node:assert/strict";
import { test } from "node:test";

const js = (name) => import(new URL(`../../assets/js/${name}`, import.meta.url));
const { Parser } = await js("lib/eventstream.js");
const { sentence } = await js("lib/http.js");
const { ago, clock } = await js("lib/time.js");
const { dropBytes } = await js("chat/answer.js");
const { differing, readDiff } = await js("chat/diff.js");
const { findLines } = await js("chat/quote.js");
const { counted, moved } = await js("page/search.js");
const { argumentsText, wordsOf } = await js("chat/toolwords.js");

const frames = (pieces) => {
  const got = [];
  const parser = new Parser((f) => got.push(f));
  for (const piece of pieces) parser.push(piece);
  return got;
};

test("an event stream reads the same however it is cut", () => {
  const text = "\ufeff: hello\r\n\r\nid: 1\nevent: content\ndata: {\"text\":\"a\\nb\"}\n\nid:2\r\nevent:block\r\ndata:x\r\ndata: y\r\n\r\ndata: z\r\rretry: 3\nunknown\n\nid: 3\0\ndata: é😀\n\n";
  const whole = frames([text]);
  assert.deepEqual(whole, [
    { id: "1", event: "content", data: '{"text":"a\\nb"}' },
    { id: "2", event: "block", data: "x\ny" },
    { id: "2", event: "message", data: "z" },
    { id: "2", event: "message", data: "é😀" },
  ]);
  assert.deepEqual(frames([...text]), whole);
  for (let cut = 1; cut < text.length; cut++) assert.deepEqual(frames([text.slice(0, cut), text.slice(cut)]), whole, `cut at ${cut}`);
});

test("an unfinished event is not given out", () => {
  assert.deepEqual(frames(["id: 1\ndata: half\n"]), []);
});

test("bytes are dropped by characters, as UTF-8 counts them", () => {
  const text = "aé€😀z";
  assert.equal(new TextEncoder().encode(text).length, 11);
  assert.deepEqual(dropBytes(text, 0), [text, 0]);
  assert.deepEqual(dropBytes(text, 1), ["é€😀z", 0]);
  assert.deepEqual(dropBytes(text, 3), ["€😀z", 0]);
  assert.deepEqual(dropBytes(text, 6), ["😀z", 0]);
  assert.deepEqual(dropBytes(text, 10), ["z", 0]);
  assert.deepEqual(dropBytes(text, 14), ["", 3]);
});

test("a diff is counted and numbered", () => {
  const d = readDiff("--- a.md\n+++ a.md\n@@ -3,2 +3,3 @@ Title\n same\n-old\n+new\n+--- more\n\\ No newline at end of file\n");
  assert.equal(d.plus, 2);
  assert.equal(d.minus, 1);
  assert.deepEqual(d.lines.map((l) => l.kind), ["hunk", "", "del", "add", "add", "hunk"]);
  assert.equal(d.lines[0].text, "Line 3 Title");
  assert.equal(d.lines[4].text, "--- more");
  assert.deepEqual(readDiff(""), { lines: [], plus: 0, minus: 0 });
});

test("what differs in a line is whole words", () => {
  const part = (a, b) => { const [s, ea, eb] = differing(a, b); return [a.slice(s, ea), b.slice(s, eb)]; };
  assert.deepEqual(part("a green box", "a great box"), ["green", "great"]);
  assert.deepEqual(part("one two", "one two three"), ["", " three"]);
  assert.deepEqual(part("same", "same"), ["", ""]);
  assert.deepEqual(part("abc", ""), ["abc", ""]);
});

test("a quote finds its lines only where that is certain", () => {
  const source = "# A\n\nThe heron waits.\nIt is patient.\n\nAgain.\n\nAgain.\n";
  assert.deepEqual(findLines(source, "The heron waits."), { start_line: 3, end_line: 3 });
  assert.deepEqual(findLines(source, "heron waits.\nIt is patient"), { start_line: 3, end_line: 4 });
  assert.equal(findLines(source, "Again."), null);
  assert.equal(findLines(source, "not there"), null);
  assert.equal(findLines(source, ""), null);
});

test("tools have words, also unknown ones and with odd arguments", () => {
  assert.equal(wordsOf("read_file", { path: "a.md", start_line: 1, end_line: 9 }).object, "a.md 1–9");
  assert.equal(wordsOf("nobody", {}).object, "nobody");
  assert.equal(wordsOf("read_file", null).object, "");
  assert.equal(wordsOf("search_files", { query: ["x"] }).object, "x");
  assert.equal(argumentsText({ path: "a", n: 3, text: "x\ny" }), "path: a\nn: 3\ntext:\n    x\n    y");
});

test("times are in words", () => {
  assert.equal(ago(3000), "just now");
  assert.equal(ago(50_000), "1 min ago");
  assert.equal(ago(26 * 3_600_000), "1 day ago");
  assert.equal(ago(5 * 86_400_000), "5 days ago");
  assert.equal(ago(800 * 86_400_000), "2 years ago");
  assert.equal(clock(65_000), "1:05");
});

test("two changes of one text are joined where they do not touch", async () => {
  const { merge } = await js("lib/merge.js");
  const base = "a\nb\nc\nd\ne";
  assert.equal(merge(base, "A\nb\nc\nd\ne", "a\nb\nc\nd\nE"), "A\nb\nc\nd\nE");
  assert.equal(merge(base, "a\nb\nc\nd\ne\nmine", "theirs\na\nb\nc\nd\ne"), "theirs\na\nb\nc\nd\ne\nmine");
  assert.equal(merge(base, "a\nb\nd\ne", "a\nb\nc\nd\nE"), "a\nb\nd\nE");
  assert.equal(merge(base, "a\nX\nc\nd\ne", "a\nY\nc\nd\ne"), null, "the same line");
  assert.equal(merge(base, "a\nX\nc\nd\ne", "a\nb\nY\nd\ne"), null, "lines that touch");
  assert.equal(merge(base, "a\nb\nnew\nc\nd\ne", "a\nb\nother\nc\nd\ne"), null, "two lines at one place");
  assert.equal(merge(base, "a\nX\nc\nd\ne", "a\nX\nc\nd\nE"), "a\nX\nc\nd\nE", "the same change twice");
  assert.equal(merge(base, base, "x"), "x");
  assert.equal(merge(base, "x", base), "x");
  assert.equal(merge("", "mine", "theirs"), null);
});

test("what is joined holds every line that either side added, and none that one removed", async () => {
  const { merge } = await js("lib/merge.js");
  let seed = 7;
  const random = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  let joined = 0;
  for (let round = 0; round < 3000; round++) {
    const base = Array.from({ length: 1 + random(12) }, (_, i) => `b${i}`);
    const change = (who) => {
      const out = [...base];
      for (let k = random(3); k >= 0; k--) out.splice(random(out.length + 1), random(2), ...(random(3) ? [`${who}${k}`] : []));
      return out;
    };
    const mine = change("m"), theirs = change("t");
    const got = merge(base.join("\n"), mine.join("\n"), theirs.join("\n"));
    if (got === null) continue;
    joined++;
    const lines = got.split("\n");
    for (const l of [...mine, ...theirs]) if (!base.includes(l)) assert.ok(lines.includes(l), `${l} is lost: ${base} | ${mine} | ${theirs} -> ${lines}`);
    for (const l of base) assert.equal(lines.includes(l), mine.includes(l) && theirs.includes(l), `${l}: ${base} | ${mine} | ${theirs} -> ${lines}`);
  }
  assert.ok(joined > 500, `only ${joined} were joined`);
});

test("changed lines are shown once, with a little of what is around", async () => {
  const { changedLines } = await js("lib/merge.js");
  const show = (a, b) => changedLines(a, b).map((l) => (l.kind === "hunk" ? "…" : (l.sign || " ") + l.text)).join("|");
  assert.equal(show("a\nb\nc\nd\ne\nf\ng\nh", "a\nB\nc\nd\ne\nf\ng\nH"), " a|−b|+B| c| d|…| f| g|−h|+H");
  assert.equal(show("a\nb\nc", "a\nX\nb\nY\nc"), " a|+X| b|+Y| c");
  assert.equal(show("", "a"), "+a");
  assert.equal(show("a", ""), "−a");
  assert.equal(show("a", "a"), "");
});

test("the drop-down of search goes round through the box, and says what it shows", () => {
  assert.deepEqual([moved(-1, 3, "ArrowDown"), moved(2, 3, "ArrowDown"), moved(-1, 3, "ArrowUp"), moved(0, 3, "ArrowUp"), moved(-1, 0, "ArrowDown")], [0, -1, 2, -1, -1]);
  assert.deepEqual([counted(0, 0), counted(1, 1), counted(3, 3), counted(8, 40)], ["Nothing found", "1 file", "3 files", "The best 8 of 40 files"]);
});

test("a message is a sentence of its own, a path at its beginning stays one", () => {
  assert.equal(sentence("the task has no plan"), "The task has no plan");
  assert.equal(sentence("tasks/list.md:2: no mapping"), "tasks/list.md:2: no mapping");
  assert.equal(sentence("done: it is kept"), "Done: it is kept");
});
