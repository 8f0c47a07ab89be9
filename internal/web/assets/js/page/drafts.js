// @ts-check
// What was typed and not saved, kept in this browser until it is.
import { local } from "../lib/store.js";

/**
 * A text on its way: what it began with, of which file, and how it stands.
 * @typedef {{base: string, hash: string, mine: string, at: number}} Draft
 */

/** Another repository may be served at the same address tomorrow. @param {string} path */
const key = (path) => `tasks.draft:${document.documentElement.dataset.place}:${path}`;

/** @param {string} path @returns {Record<string, Draft>} by section */
export function drafts(path) {
  const found = local.json(key(path));
  return found && typeof found === "object" ? found : {};
}

/**
 * Keeps a draft; whether it is there now.
 * @param {string} path
 * @param {string} section
 * @param {Draft | null} draft null: it is saved, or given up
 */
export function keepDraft(path, section, draft) {
  const all = drafts(path);
  if (draft) all[section] = draft;
  else delete all[section];
  local.set(key(path), Object.keys(all).length ? JSON.stringify(all) : null);
  return drafts(path)[section]?.mine === draft?.mine;
}
