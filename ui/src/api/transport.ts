import { invoke } from "@tauri-apps/api/core";

/** One request, one response: what `fetch` does, through whichever door is there. */
export type Transport = (request: Request) => Promise<Response>;

/** The first line of the answer of the window's `api` command. */
interface Head {
  status: number;
  headers: Record<string, string>;
}

const NEWLINE = 0x0a;

function inWindow(): boolean {
  return "__TAURI_INTERNALS__" in globalThis;
}

/** Rejects as soon as the signal aborts: a command that has started can't be called back, but nobody waits for it. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function decode(answer: ArrayBuffer): Response {
  const bytes = new Uint8Array(answer);
  const end = bytes.indexOf(NEWLINE);
  if (end < 0) throw new TypeError("the api command answered without a head");
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Head;
  const body = bytes.slice(end + 1);
  // A Response with one of these statuses may not carry a body, not even an empty one.
  const bare = head.status === 204 || head.status === 304;
  return new Response(bare ? null : body, { status: head.status, headers: head.headers });
}

async function throughWindow(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const { "content-type": contentType, ...rest } = Object.fromEntries(request.headers);
  const headers: Record<string, string> = {
    ...rest,
    "x-drydock-method": request.method,
    "x-drydock-path": url.pathname + url.search,
  };
  // The call itself has a content type, always application/octet-stream; the request's travels beside it.
  if (contentType !== undefined) headers["x-drydock-content-type"] = contentType;
  const body = new Uint8Array(await request.arrayBuffer());
  return decode(await invoke<ArrayBuffer>("api", body, { headers }));
}

/** Sends a request to the router: in process in the window, over HTTP to the same origin in a browser. */
export const transport: Transport = (request) =>
  inWindow() ? abortable(throughWindow(request), request.signal) : fetch(request);
