import { invoke } from "@tauri-apps/api/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { transport } from "./transport";

vi.mock("@tauri-apps/api/core", () => ({ invoke: vi.fn() }));

const command = vi.mocked(invoke);

function answer(head: object, body = ""): ArrayBuffer {
  return new TextEncoder().encode(`${JSON.stringify(head)}\n${body}`).buffer;
}

const request = (path: string, init?: RequestInit) => new Request(new URL(path, "http://localhost"), init);

describe("in the window", () => {
  beforeEach(() => vi.stubGlobal("__TAURI_INTERNALS__", {}));
  afterEach(() => {
    vi.unstubAllGlobals();
    command.mockReset();
  });

  test("method, path and headers travel as headers, the body as bytes", async () => {
    command.mockResolvedValue(answer({ status: 200, headers: { "content-type": "application/json" } }, '{"a":"ü\\n"}'));
    const response = await transport(
      request("/api/v1/auth/login?x=1&y=%20", {
        method: "POST",
        body: '{"email":"ü"}',
        headers: { "content-type": "application/json", authorization: "Bearer t", "X-Client-Account-ID": "c" },
      }),
    );
    const [name, body, options] = command.mock.calls[0] ?? [];
    expect(name).toBe("api");
    expect(body).toBeInstanceOf(Uint8Array);
    expect(new TextDecoder().decode(body as unknown as Uint8Array)).toBe('{"email":"ü"}');
    expect(options?.headers).toEqual({
      "x-drydock-method": "POST",
      "x-drydock-path": "/api/v1/auth/login?x=1&y=%20",
      "x-drydock-content-type": "application/json",
      authorization: "Bearer t",
      "x-client-account-id": "c",
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ a: "ü\n" });
  });

  test("an answer without a body stays without one", async () => {
    command.mockResolvedValue(answer({ status: 204, headers: {} }));
    const response = await transport(request("/api/v1/auth/logout", { method: "POST" }));
    expect(response.status).toBe(204);
    expect(response.body).toBeNull();
  });

  test("a refusal is a response, not an exception", async () => {
    command.mockResolvedValue(answer({ status: 503, headers: {} }, '{"code":"platform.not_ready"}'));
    const response = await transport(request("/readyz"));
    expect(response.ok).toBe(false);
    expect(await response.json()).toEqual({ code: "platform.not_ready" });
  });

  test("aborting rejects at once, before the command and during it", async () => {
    command.mockReturnValue(new Promise(() => undefined));
    const during = new AbortController();
    const waiting = transport(request("/api/v1/boot", { signal: during.signal }));
    during.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    await expect(transport(request("/api/v1/boot", { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  test("what the command throws comes through, and so does a broken answer", async () => {
    command.mockRejectedValueOnce(new Error("not allowed"));
    await expect(transport(request("/livez"))).rejects.toThrow("not allowed");
    command.mockResolvedValueOnce(new ArrayBuffer(3));
    await expect(transport(request("/livez"))).rejects.toThrow(TypeError);
  });
});

test("in a browser it is fetch", async () => {
  const fetch = vi.fn(() => Promise.resolve(new Response("{}")));
  vi.stubGlobal("fetch", fetch);
  const asked = request("/livez");
  await transport(asked);
  expect(fetch).toHaveBeenCalledWith(asked);
  expect(command).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});
