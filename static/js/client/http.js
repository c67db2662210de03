// The HTTP API, as in docs/protocol.md: JSON in, JSON out, errors with their code and field. Knows no DOM.

export class ApiError extends Error {
  /** @param {number} status 0: no answer came @param {string} code @param {string} message @param {string} [field] */
  constructor(status, code, message, field = "") {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/**
 * @param {string} method @param {string} path @param {any} [body]
 * @returns {Promise<any>} the answer; null where there is none; fails with an ApiError
 */
export async function api(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "offline", "The server does not answer. Try again.");
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return answer;
  throw new ApiError(response.status, answer?.code ?? "error", answer?.error ?? `The server said ${response.status}`, answer?.field);
}
