import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, body } from "./client";
import { Problem } from "./problem";
import { session } from "./session";
import { transport } from "./transport";

vi.mock("./transport", () => ({ transport: vi.fn() }));

const door = vi.mocked(transport);
const json = (status: number, value: unknown) => new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
const refusal = (status: number, code: string) =>
  json(status, { code, status, title: "t", detail: "d", next_step: "n", fields: [], request_id: "r" });

describe("the API client", () => {
  const expired = vi.fn();
  let stop: () => void;

  beforeEach(() => {
    expired.mockReset();
    session.begin("first");
    stop = session.onExpire(expired);
  });
  afterEach(() => {
    stop();
    session.end();
  });

  test("sends the token and gives the body of a success", async () => {
    door.mockResolvedValueOnce(json(200, { clients: [] }));
    expect(await body(api.GET("/api/v1/context/clients"))).toEqual({ clients: [] });
    expect(door.mock.lastCall?.[0].headers.get("authorization")).toBe("Bearer first");
  });

  test("throws the envelope of a refusal", async () => {
    door.mockResolvedValueOnce(refusal(404, "engagement.not_found"));
    const problem: unknown = await body(api.GET("/api/v1/context/clients")).catch((thrown: unknown) => thrown);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ code: "engagement.not_found", status: 404, nextStep: "n", requestId: "r" });
    expect(expired).not.toHaveBeenCalled();
  });

  test("a 401 ends the session, once, wherever it comes from", async () => {
    door.mockImplementation(() => Promise.resolve(refusal(401, "auth.session_expired")));
    await Promise.allSettled([body(api.GET("/api/v1/auth/me")), body(api.GET("/api/v1/context/clients"))]);
    expect(session.token()).toBeNull();
    expect(sessionStorage.getItem("drydock.token")).toBeNull();
    expect(expired).toHaveBeenCalledTimes(1);
  });

  test("a wrong password ends no session", async () => {
    door.mockResolvedValueOnce(refusal(401, "auth.invalid_credentials"));
    const login = body(api.POST("/api/v1/auth/login", { body: { email: "a", password: "b" } }));
    await expect(login).rejects.toMatchObject({ code: "auth.invalid_credentials" });
    expect(session.token()).toBe("first");
  });

  test("where one is asked to sign in again, a refused request waits and is sent once more", async () => {
    stop();
    stop = session.onExpire(() => session.lapse());
    door.mockImplementation((request) =>
      Promise.resolve(
        request.headers.get("authorization") === "Bearer second" ? json(200, { clients: [] }) : refusal(401, "auth.session_expired"),
      ),
    );
    const change = body(api.POST("/api/v1/auth/change-password", { body: { current_password: "a", new_password: "b" } }));
    const list = body(api.GET("/api/v1/context/clients"));
    await vi.waitFor(() => expect(session.lapsed()).toBe(true));
    session.begin("second");
    expect(await list).toEqual({ clients: [] });
    expect(await change).toEqual({ clients: [] });
    expect(await door.mock.lastCall?.[0].clone().text()).toMatch(/^$|current_password/);
    expect(session.lapsed()).toBe(false);
  });

  test("whoever signs out instead gets the refusal", async () => {
    stop();
    stop = session.onExpire(() => session.lapse());
    door.mockImplementation(() => Promise.resolve(refusal(401, "auth.session_expired")));
    const list = body(api.GET("/api/v1/context/clients"));
    await vi.waitFor(() => expect(session.lapsed()).toBe(true));
    session.end();
    await expect(list).rejects.toMatchObject({ code: "auth.session_expired" });
    expect(session.token()).toBeNull();
  });

  test("a late 401 for an older token leaves the new session alone", async () => {
    door.mockImplementationOnce(() => {
      session.begin("second");
      return Promise.resolve(refusal(401, "auth.session_expired"));
    });
    await expect(body(api.GET("/api/v1/auth/me"))).rejects.toBeInstanceOf(Problem);
    expect(session.token()).toBe("second");
    expect(expired).not.toHaveBeenCalled();
  });
});
