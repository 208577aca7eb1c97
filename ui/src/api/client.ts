import createClient, { type Middleware } from "openapi-fetch";
import { connection, note } from "./connection";
import { fromAnswer } from "./problem";
import type { paths } from "./schema";
import { session } from "./session";
import { transport, type Transport } from "./transport";

const LOGIN = "/api/v1/auth/login";

const authorise: Middleware = {
  onRequest({ request }) {
    const token = session.token();
    if (token !== null) request.headers.set("authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ request, response }) {
    note(request.method, new URL(request.url).pathname, String(response.status), response.headers.get("x-request-id"));
  },
};

/**
 * Sends a request. When the session is over, that is told; and where its user is asked to sign in again in place, the
 * request waits for that and is sent once more, so that nothing on the page is lost.
 */
const send: Transport = async (request) => {
  // The body of a request can be read once.
  const again = request.clone();
  const response = await transport(request);
  if (response.status !== 401 || new URL(request.url).pathname === LOGIN) return response;
  // An answer to an older token says nothing about the one in use now.
  if (request.headers.get("authorization") === `Bearer ${session.token() ?? ""}`) session.expire();
  if (!(await session.renewed())) return response;
  again.headers.set("authorization", `Bearer ${session.token() ?? ""}`);
  return transport(again);
};

const watch: Middleware = {
  onError({ request, error }) {
    if (request.signal.aborted) return;
    note(request.method, new URL(request.url).pathname, "no answer", null);
    connection.failed(error);
  },
};

/** The API, typed by its own OpenAPI document. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });
api.use(authorise, watch);

function refusal(error: unknown, response: Response) {
  const problem = fromAnswer(error, response.status);
  connection.failed(problem);
  return problem;
}

/** The body of a success; throws a `Problem` for everything else. */
export async function body<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok || data === undefined) throw refusal(error, response);
  return data;
}

/** Waits for a success that has no body; throws a `Problem` for everything else. */
export async function nothing(call: Promise<{ error?: unknown; response: Response }>): Promise<void> {
  const { error, response } = await call;
  if (!response.ok) throw refusal(error, response);
}
