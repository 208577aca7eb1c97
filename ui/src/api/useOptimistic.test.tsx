import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ActionScope } from "../app/ActionScope";
import { Conflict } from "../parts/Conflict";
import { Toasts } from "../parts/Toast";
import { deferred } from "../test-deferred";
import { Problem } from "./problem";
import { STALE, useOptimistic } from "./useOptimistic";

function Subject({ send, read, onConflict }: { send: () => Promise<void>; read: () => Promise<string>; onConflict?: () => void }) {
  const shown = useQuery({ queryKey: ["tenant", "name"], queryFn: read }).data;
  const change = useOptimistic({
    send,
    key: ["tenant"],
    change: (_: string, next: string) => next,
    failed: () => "The name was not saved.",
    ...(onConflict && { onConflict }),
  });
  return (
    <>
      <p data-testid="name">{shown}</p>
      <button onClick={() => change.mutate("new")}>Rename</button>
    </>
  );
}

async function open(send: () => Promise<void>, onConflict?: () => void) {
  const user = userEvent.setup();
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const read = vi.fn(() => Promise.resolve("old"));
  render(
    <QueryClientProvider client={queries}>
      <ActionScope>
        <Toasts>
          <Subject send={send} read={read} {...(onConflict && { onConflict })} />
        </Toasts>
      </ActionScope>
    </QueryClientProvider>,
  );
  await screen.findByText("old");
  return { user, queries, read };
}

const problem = (code: string, status: number) => new Problem({ code, status, title: "Refused", detail: "Why not.", nextStep: "" });

test("a change is seen at once, comes back when it fails, and the reason is told", async () => {
  const answer = deferred();
  const { user } = await open(async () => {
    await answer.promise;
  });
  await user.click(screen.getByRole("button", { name: "Rename" }));
  expect(await screen.findByText("new")).toBeVisible();
  answer.reject(problem("permission.denied", 403));
  expect(await screen.findByText("old")).toBeVisible();
  expect(screen.getAllByText("The name was not saved. Refused. Why not. (permission.denied)")[0]).toBeVisible();
});

test("afterwards the truth is read again", async () => {
  const { user, read } = await open(() => Promise.resolve());
  await user.click(screen.getByRole("button", { name: "Rename" }));
  await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(2));
});

test("what was dropped meanwhile by a switch of client account stays dropped", async () => {
  const answer = deferred();
  const { user, queries } = await open(async () => {
    await answer.promise;
  });
  await user.click(screen.getByRole("button", { name: "Rename" }));
  await screen.findByText("new");
  queries.removeQueries({ queryKey: ["tenant"] });
  answer.reject(problem("x.y", 500));
  await screen.findAllByText(/The name was not saved/);
  expect(queries.getQueriesData({ queryKey: ["tenant"] }).every(([, data]) => data !== "new")).toBe(true);
});

test("a conflict is handed over", async () => {
  const conflict = vi.fn();
  const { user } = await open(() => Promise.reject(problem(STALE, 409)), conflict);
  await user.click(screen.getByRole("button", { name: "Rename" }));
  await vi.waitFor(() => expect(conflict).toHaveBeenCalledOnce());
});

test("of a conflict both values are shown, and one chooses field by field", async () => {
  const user = userEvent.setup();
  const choose = vi.fn();
  const clashes = [
    { field: "status", label: "Status", yours: "Active", theirs: "Standby" },
    { field: "owner", label: "Owner", yours: "Ada", theirs: "Bo" },
  ];
  render(<Conflict what="web-1" clashes={clashes} onChoose={choose} onClose={vi.fn()} />);
  for (const text of ["Active", "Standby", "Ada", "Bo"]) expect(screen.getByText(text)).toBeVisible();
  await user.click(screen.getByRole("radio", { name: "Theirs Bo" }));
  await user.click(screen.getByRole("button", { name: "Save what is chosen" }));
  expect(choose).toHaveBeenCalledExactlyOnceWith(new Set(["status"]));
});
