import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Snapshot, Status, Task } from "../../api/maintenance";
import { transport } from "../../api/transport";
import { ActionScope } from "../../app/ActionScope";
import { Toasts } from "../../parts/Toast";
import { DataPage } from "./DataPage";

vi.mock("../../api/transport", () => ({ transport: vi.fn() }));
// The page is drawn without a router; where its ways out lead is not what is looked at.
vi.mock("@tanstack/react-router", async (original) => ({
  ...(await original<typeof import("@tanstack/react-router")>()),
  Link: ({ children }: { children: React.ReactNode }) => <span>{children}</span>,
}));

beforeAll(() => {
  Element.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
});

const FIRST: Snapshot = {
  id: "00000000-0000-4000-8000-000000000001",
  name: "First",
  note: "",
  created_at: "2026-10-04T12:03:00Z",
  app_version: "0.1.0",
  postgres_version: "16.0",
  schema_digest: "705d7061".repeat(8),
  database_bytes: 10_800_000,
  file_bytes: 44_000,
};

const task = (more: Partial<Task>): Task => ({
  id: "00000000-0000-4000-8000-00000000000a",
  kind: "snapshot_create",
  state: "running",
  step: "Dumping",
  done_bytes: 3_000_000,
  total_bytes: 10_000_000,
  elapsed_ms: 0,
  ...more,
});

const json = (status: number, value?: unknown) =>
  new Response(value === undefined ? null : JSON.stringify(value), { status, headers: { "content-type": "application/json" } });

const refusal = (status: number, code: string, fields: unknown[] = []) =>
  json(status, { code, status, title: "It was refused", detail: "For a reason.", next_step: "Do that.", fields, request_id: "r" });

/** The platform as the page sees it: a status that can change, a list, and what every other request is answered. */
function platform(start: Partial<Status> = {}) {
  let status: Status = { revision: 1, task: null, undo: null, spare_ready: true, ...start };
  let wake: () => void = () => undefined;
  const asked: string[] = [];
  const list = { snapshots: [FIRST], damaged: [] as unknown[] };
  let client = "Renamed Inc";
  const answers: Record<string, () => Response | Promise<Response>> = {
    "GET /api/v1/snapshots": () => json(200, list),
    "GET /api/v1/context/clients": () => json(200, { clients: [{ id: "c", name: client, engagement_count: 2, asset_count: 3 }] }),
  };
  vi.mocked(transport).mockImplementation(async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const what = `${request.method} ${pathname}`;
    if (what === "GET /api/v1/maintenance") {
      if (searchParams.get("after") === String(status.revision)) await new Promise<void>((done) => (wake = done));
      return json(200, status);
    }
    asked.push(what);
    return answers[what]?.() ?? refusal(404, "route.not_found");
  });
  return {
    asked,
    answers,
    list,
    setClient: (name: string) => (client = name),
    change: (more: Partial<Status>) =>
      act(async () => {
        status = { ...status, ...more, revision: status.revision + 1 };
        wake();
        await Promise.resolve();
      }),
    now: () => status,
  };
}

function open() {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" } } });
  render(
    <QueryClientProvider client={queries}>
      <ActionScope>
        <Toasts>
          <DataPage />
        </Toasts>
      </ActionScope>
    </QueryClientProvider>,
  );
  return queries;
}

const user = userEvent.setup();
const row = (name: string) => screen.findByRole("row", { name: new RegExp(name) });

let api: ReturnType<typeof platform>;
beforeEach(() => {
  api = platform();
});

test("a reset says what it replaces, forgets what was read, and offers the way back", async () => {
  const queries = open();
  await row("First");
  queries.setQueryData(["left behind"], "old");
  const undo = { cause: "reset" as const, at: "2026-10-04T12:03:00Z" };
  api.answers["POST /api/v1/maintenance/reset"] = () => {
    api.setClient("Seeded Ltd");
    return json(200, { elapsed_ms: 38, undo });
  };
  await user.click(screen.getByRole("button", { name: "Reset demo data" }));
  const dialog = screen.getByRole("alertdialog", { name: "Reset demo data?" });
  expect(await within(dialog).findByText("Renamed Inc")).toBeVisible();
  expect(dialog).toHaveTextContent("with 2 engagements and 3 assets are replaced");
  expect(within(dialog).getByRole("button", { name: "Cancel" })).toHaveFocus();
  expect(api.asked).not.toContain("POST /api/v1/maintenance/reset");

  await user.click(within(dialog).getByRole("button", { name: "Reset demo data" }));
  expect(await screen.findByText("Data reset in 38 ms.")).toBeVisible();
  expect(queries.getQueryData(["left behind"])).toBeUndefined();
  expect(JSON.stringify(queries.getQueryCache().getAll().map((query) => query.state.data))).not.toContain("Renamed Inc");

  await api.change({ undo });
  api.answers["POST /api/v1/maintenance/undo"] = () => json(200, { elapsed_ms: 9, undo: { cause: "undo", at: "2026-10-04T12:04:00Z" } });
  await user.keyboard("{Control>}z{/Control}");
  expect(await screen.findByText("The state before the reset is back.")).toBeVisible();
  expect(api.asked.filter((what) => what === "POST /api/v1/maintenance/undo")).toHaveLength(1);
});

test("the offer of an undo that has been overtaken changes nothing", async () => {
  open();
  await row("First");
  const undo = { cause: "reset" as const, at: "2026-10-04T12:03:00Z" };
  api.answers["POST /api/v1/maintenance/reset"] = () => json(200, { elapsed_ms: 38, undo });
  await user.click(screen.getByRole("button", { name: "Reset demo data" }));
  await user.click(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Reset demo data" }));
  await screen.findByText("Data reset in 38 ms.");
  await api.change({ undo: { cause: "restore", at: "2026-10-04T12:09:00Z" } });
  await screen.findByRole("button", { name: "Undo restore" });
  await user.click(screen.getByRole("button", { name: "Undo reset" }));
  expect(await screen.findByText(/replaced again since/)).toBeVisible();
  expect(api.asked).not.toContain("POST /api/v1/maintenance/undo");
});

test("a refused reset says why, and a message can be closed", async () => {
  open();
  await row("First");
  api.answers["POST /api/v1/maintenance/reset"] = () => refusal(409, "maintenance.busy");
  await user.click(screen.getByRole("button", { name: "Reset demo data" }));
  await user.click(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Reset demo data" }));
  const alert = await screen.findByRole("alert");
  for (const text of ["It was refused", "For a reason.", "Do that.", "maintenance.busy"]) expect(alert).toHaveTextContent(text);
  await user.click(screen.getByRole("button", { name: "Close this message" }));
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a new snapshot is listed and said when its task is done, once", async () => {
  open();
  await row("First");
  api.answers["POST /api/v1/snapshots"] = () => json(202, task({}));
  await user.click(screen.getByRole("button", { name: "New snapshot" }));
  const name = screen.getByLabelText("Name");
  expect(name).toHaveFocus();
  await user.keyboard("Second{Enter}");
  await api.change({ task: task({}) });
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(screen.getByRole("button", { name: "New snapshot" })).toHaveAttribute("aria-disabled", "true");
  api.list.snapshots.unshift({ ...FIRST, id: "2", name: "Second" });
  await api.change({ task: task({ state: "done" }) });
  await row("Second");
  expect(screen.getAllByText("Snapshot “Second” is made.")).toHaveLength(1);
  await user.click(screen.getByRole("button", { name: "Close" }));
  await api.change({ spare_ready: false });
  expect(screen.queryByText("Snapshot “Second” is made.")).toBeNull();
});

test("a wrong name is told at its field, and the form stays", async () => {
  open();
  await row("First");
  const fields = [{ path: "/name", code: "required", message: "The name is empty." }];
  api.answers["POST /api/v1/snapshots"] = () => refusal(422, "request.invalid", fields);
  await user.click(screen.getByRole("button", { name: "New snapshot" }));
  await user.clear(screen.getByLabelText("Name"));
  await user.keyboard("{Enter}");
  expect(await screen.findByText("The name is empty.")).toBeVisible();
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("The name is empty.");
  expect(screen.getByLabelText("Name")).toBeInvalid();
});

test("progress is shown for what takes longer than a second, and can be cancelled", async () => {
  open();
  await row("First");
  api.answers["POST /api/v1/maintenance/cancel"] = () => json(204);
  await api.change({ task: task({ elapsed_ms: 100 }) });
  expect(screen.queryByRole("progressbar")).toBeNull();
  await api.change({ task: task({ elapsed_ms: 1200 }) });
  const bar = await screen.findByRole("progressbar", { name: "Making a snapshot" });
  expect(bar).toHaveAttribute("aria-valuenow", "30");
  expect(screen.getByText("3 MB of 10 MB")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  expect(api.asked).toContain("POST /api/v1/maintenance/cancel");
  await api.change({ task: task({ state: "cancelled" }) });
  expect(screen.queryByRole("progressbar")).toBeNull();
  expect(screen.getByText("Cancelled. Nothing was changed.")).toBeVisible();
});

test("a task that failed says why; one from before is not news", async () => {
  const error = { code: "snapshot.damaged", what: "The snapshot is damaged.", cause: "Its checksum is wrong.", next_step: "Take another." };
  api = platform({ task: task({ id: "before", state: "failed", error }) });
  open();
  await row("First");
  expect(screen.queryByRole("alert")).toBeNull();
  await api.change({ task: task({ kind: "snapshot_restore" }) });
  await api.change({ task: task({ kind: "snapshot_restore", state: "failed", error }) });
  const alert = await screen.findByRole("alert");
  for (const text of ["The snapshot is damaged.", "Its checksum is wrong.", "Take another.", "snapshot.damaged"]) {
    expect(alert).toHaveTextContent(text);
  }
});

test("an export says where the file is", async () => {
  open();
  await row("First");
  api.answers[`POST /api/v1/snapshots/${FIRST.id}/export`] = () => json(202, task({ kind: "snapshot_export" }));
  await user.click(screen.getByRole("button", { name: "More for “First”" }));
  await user.click(screen.getByRole("menuitem", { name: "Export to a file" }));
  await api.change({ task: task({ kind: "snapshot_export", state: "done", path: "/home/me/Downloads/First.drydock" }) });
  expect(await screen.findByText("/home/me/Downloads/First.drydock")).toBeVisible();
});

test("a deleted snapshot is gone at once and comes back by undo", async () => {
  open();
  await row("First");
  let answer: (response: Response) => void = () => undefined;
  api.answers[`DELETE /api/v1/snapshots/${FIRST.id}`] = () => new Promise((done) => (answer = done));
  await user.click(screen.getByRole("button", { name: "More for “First”" }));
  await user.click(screen.getByRole("menuitem", { name: "Delete" }));
  expect(screen.queryByRole("row", { name: /First/ })).toBeNull();
  api.list.snapshots = [];
  await act(async () => {
    answer(json(204));
    await Promise.resolve();
  });
  expect(await screen.findByText("No snapshot yet")).toBeVisible();
  api.answers[`POST /api/v1/snapshots/${FIRST.id}/put-back`] = () => {
    api.list.snapshots = [FIRST];
    return json(200, FIRST);
  };
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await row("First");
});

test("a snapshot that can't be deleted stays, with the reason", async () => {
  open();
  await row("First");
  api.answers[`DELETE /api/v1/snapshots/${FIRST.id}`] = () => refusal(409, "maintenance.busy");
  await user.click(screen.getByRole("button", { name: "More for “First”" }));
  await user.click(screen.getByRole("menuitem", { name: "Delete" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("maintenance.busy");
  await row("First");
});

test("files that are no snapshots are told apart", async () => {
  api.list.damaged.push({
    file: "x.drydock",
    problem: { code: "snapshot.damaged", what: "It is damaged.", cause: "It was cut off.", next_step: "Import it again." },
  });
  open();
  const region = await screen.findByRole("region", { name: "Files that cannot be used" });
  for (const text of ["x.drydock", "It was cut off.", "Import it again.", "snapshot.damaged"]) expect(region).toHaveTextContent(text);
});

test("whoever may not is told whom to ask", async () => {
  vi.mocked(transport).mockImplementation(() => Promise.resolve(refusal(403, "permission.denied")));
  open();
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("permission.denied");
  expect(screen.queryByRole("button", { name: "Reset demo data" })).toBeNull();
});
