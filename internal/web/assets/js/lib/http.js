// @ts-check
// Asking the server. Errors are made of the words the server sent.

export class Failure extends Error {
  /**
   * @param {number} status 0 where no answer came
   * @param {string} code
   * @param {string} message
   * @param {string} [hint]
   */
  constructor(status, code, message, hint) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint ?? "";
  }
}

/** No answer came: the server is not there. */
export const unreachable = () => new Failure(0, "unavailable", "The server cannot be reached", "Is tasks serve still running? What you wrote is kept.");

/**
 * What an answer that is not 2xx says.
 * @param {Response} response
 * @returns {Promise<Failure>}
 */
export async function failureOf(response) {
  let error = /** @type {{code?: string, message?: string, hint?: string}} */ ({});
  try { error = (await response.json()).error ?? {}; } catch { /* not our JSON */ }
  const hint = error.hint ?? (response.status === 401 ? "Open the login address that tasks serve printed, then reload this page." : "");
  return new Failure(response.status, error.code ?? "internal", error.message ?? `The server answered ${response.status}`, hint);
}

/**
 * Posts JSON; the answer's JSON.
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>} rejected with a Failure
 */
export async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => { throw unreachable(); });
  if (!response.ok) throw await failureOf(response);
  return response.json();
}

/**
 * @param {string} path
 * @returns {Promise<any>} rejected with a Failure
 */
export async function getJSON(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } }).catch(() => { throw unreachable(); });
  if (!response.ok) throw await failureOf(response);
  return response.json();
}

/** The page address of a file. @param {string} path */
export const browse = (path) => "/browse/" + path.split("/").map(encodeURIComponent).join("/");

/** A message of the program as a sentence of its own; a path or a name of code at its beginning stays as it is. @param {string} text */
export const sentence = (text) => (/^\S*[/._:=]\w/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1));
