// @ts-check
// What a tool call does, in words and with a sign.

/** @typedef {{icon: string, todo: string, doing: string, did: string, object: string, code?: boolean}} Words */

/** @param {unknown} value */
const str = (value) => (typeof value === "string" ? value : value === undefined || value === null ? "" : String(value));

/**
 * @param {string} name
 * @param {Record<string, unknown>} args
 * @returns {Words}
 */
export function wordsOf(name, args) {
  const a = args && typeof args === "object" ? args : {};
  const lines = a.start_line ? ` ${str(a.start_line)}–${str(a.end_line ?? "end")}` : "";
  switch (name) {
    case "read_file": return { icon: "file-text", todo: "Read", doing: "Reading", did: "Read", object: str(a.path) + lines, code: true };
    case "search_files": return { icon: "search", todo: "Search for", doing: "Searching for", did: "Searched for", object: str(a.query), code: true };
    case "edit_file": return a.create
      ? { icon: "file-plus", todo: "Create", doing: "Creating", did: "Created", object: str(a.path), code: true }
      : { icon: "pencil", todo: "Edit", doing: "Editing", did: "Edited", object: str(a.path), code: true };
    case "run_claude_subagent": return { icon: "bot", todo: "Ask Claude Code:", doing: "Claude Code works on", did: "Asked Claude Code:", object: str(a.task) };
    case "register_task_for_manager": return { icon: "list-plus", todo: "Hand over", doing: "Handing over", did: "Handed over", object: str(a.slug), code: true };
    case "message_run": return { icon: "message-square", todo: "Send to the run of", doing: "Sending to the run of", did: "Sent to the run of", object: str(a.slug), code: true };
    case "create_task": return { icon: "file-plus", todo: "Create the task", doing: "Creating the task", did: "Created the task", object: str(a.title) };
    case "task_status": return { icon: "activity", todo: "Look up", doing: "Looking up", did: "Looked up", object: str(a.slug) || "the queue", code: !!a.slug };
    case "validate_task": return { icon: "list-checks", todo: "Check", doing: "Checking", did: "Checked", object: str(a.slug), code: true };
    default: return { icon: "layers", todo: "Call", doing: "Calling", did: "Called", object: name, code: true };
  }
}

/** Arguments as people read them: one a line. @param {Record<string, unknown>} args */
export function argumentsText(args) {
  if (!args || typeof args !== "object") return String(args ?? "");
  return Object.entries(args).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text.includes("\n") ? `${key}:\n${text.replace(/^/gm, "    ")}` : `${key}: ${text}`;
  }).join("\n");
}

/** @type {Record<string, [string, string]>} icon and word of a call's end */
export const STATES = {
  ok: ["check", "done"],
  error: ["circle-x", "failed"],
  denied: ["circle-slash", "denied"],
  cancelled: ["circle-slash", "cancelled"],
  timeout: ["clock", "timed out"],
};
