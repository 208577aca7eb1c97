import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { demoAccountsQuery } from "../api/queries";
import { session } from "../api/session";
import { transport } from "../api/transport";
import { Toasts } from "../parts/Toast";
import { ChangePassword } from "./ChangePassword";

vi.mock("../api/transport", () => ({ transport: vi.fn() }));

beforeAll(() => {
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
});

beforeEach(() => session.begin("old"));

const json = (status: number, value: unknown) =>
  new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });

const refusal = (status: number, code: string, fields: unknown[] = []) =>
  json(status, { code, status, title: "It was refused", detail: "For a reason.", next_step: "Do that.", fields, request_id: "r" });

/** The form over nothing, and what it sent. */
function open(answer: () => Response) {
  const sent: unknown[] = [];
  vi.mocked(transport).mockImplementation(async (request) => {
    expect(new URL(request.url).pathname).toBe("/api/v1/auth/change-password");
    sent.push(await request.json());
    return answer();
  });
  const queries = new QueryClient();
  queries.setQueryData(demoAccountsQuery.queryKey, []);
  const close = vi.fn();
  render(
    <QueryClientProvider client={queries}>
      <Toasts>
        <ChangePassword email="ada@example.com" onClose={close} />
      </Toasts>
    </QueryClientProvider>,
  );
  return { sent, close, queries };
}

const field = (name: string) => screen.getByLabelText(name, { selector: "input" });

async function fill() {
  const user = userEvent.setup();
  await user.type(field("Current password"), " kept spaces ");
  await user.type(field("New password"), "a loom of brass{Enter}");
}

test("sends both as they are typed, goes on with the new token, and says so", async () => {
  const { sent, close, queries } = open(() =>
    json(200, { token: { access_token: "new", token_type: "bearer", expires_at: "2026-10-04T12:03:00Z" } }),
  );
  await fill();
  expect(await screen.findAllByText(/Your password is changed/)).not.toHaveLength(0);
  expect(sent).toEqual([{ current_password: " kept spaces ", new_password: "a loom of brass" }]);
  expect(session.token()).toBe("new");
  expect(close).toHaveBeenCalledOnce();
  expect(queries.getQueryData(demoAccountsQuery.queryKey)).toBeUndefined();
});

test("a refused field is named and has the focus, and what was typed stays", async () => {
  const { close } = open(() =>
    refusal(422, "request.invalid", [{ path: "/current_password", code: "wrong", message: "Not it." }]),
  );
  await fill();
  expect(await screen.findByText("Not it.")).toBeVisible();
  expect(field("Current password")).toHaveFocus();
  expect(field("Current password")).toHaveAccessibleDescription("Not it.");
  expect(field("New password")).toHaveValue("a loom of brass");
  expect(screen.queryByRole("alert")).toBeNull();
  expect(session.token()).toBe("old");
  expect(close).not.toHaveBeenCalled();
});

test("any other refusal stands above the fields, with its code", async () => {
  open(() => refusal(507, "platform.disk_full"));
  await fill();
  expect(await screen.findByRole("alert")).toHaveTextContent("platform.disk_full");
  expect(session.token()).toBe("old");
});

test("the length is counted as one types, an emoji as one", async () => {
  open(() => refusal(500, "platform.internal"));
  await userEvent.setup().type(field("New password"), "🚢seven7");
  const rule = screen.getByText(/At least 8 characters/);
  expect(rule).toHaveTextContent("(7 so far)");
  expect(rule).not.toHaveAttribute("data-met");
  await userEvent.setup().type(field("New password"), "!");
  expect(rule).toHaveAttribute("data-met", "true");
});
