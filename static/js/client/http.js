// Client of the HTTP API of docs/protocol.md: JSON in, JSON out, errors with their code and field.

export class ApiError extends Error {
  /** @param {number} status 0 when no answer came @param {string} code @param {string} message @param {string} [field] the field that is wrong */
  constructor(status, code, message, field = "") {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/**
 * Send a request and return its answer. The caller names the answer's type, as docs/protocol.md describes it.
 * @template [T=unknown]
 * @param {string} method @param {string} path @param {object} [body] sent as JSON, URLSearchParams as a form @param {Record<string, string>} [headers] more headers
 * @returns {Promise<T>} null where the answer is empty; fails with an ApiError
 */
export async function api(method, path, body, headers = {}) {
  let response;
  const isForm = body instanceof URLSearchParams; // the browser names the type of a form itself
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: { Accept: "application/json", ...(body === undefined || isForm ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined || isForm ? body : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "offline", "The server does not answer. Try again.");
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return answer;
  throw new ApiError(response.status, answer?.code ?? "error", answer?.error ?? `The server answered with status ${response.status}`, answer?.field);
}
