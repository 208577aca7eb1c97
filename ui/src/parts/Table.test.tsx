import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Empty, NoMatch, NoRight } from "./Empty";
import { Table, type Column } from "./Table";

interface Row {
  name: string;
  count: number | null;
}

const COLUMNS: Column<Row>[] = [
  { id: "name", head: "Name", cell: (row) => row.name, by: (row) => row.name },
  { id: "count", head: "Count", number: true, cell: (row) => row.count ?? "–", by: (row) => row.count },
  { id: "actions", head: "Actions", hiddenHead: true, cell: () => <button type="button">Edit</button> },
];
const ROWS: Row[] = [
  { name: "web-10", count: null },
  { name: "web-9", count: 3 },
  { name: "app-1", count: 20 },
];

const names = () => screen.getAllByRole("rowheader").map((cell) => cell.textContent);

test("a head sorts, once more turns it round, and what has no value comes last either way", async () => {
  const user = userEvent.setup();
  render(<Table label="Rows" columns={COLUMNS} rows={ROWS} rowKey={(row) => row.name} sort="name" />);
  expect(names()).toEqual(["app-1", "web-9", "web-10"]);
  await user.click(screen.getByRole("button", { name: "Count" }));
  expect(names()).toEqual(["web-9", "app-1", "web-10"]);
  expect(screen.getByRole("columnheader", { name: "Count" })).toHaveAttribute("aria-sort", "ascending");
  await user.click(screen.getByRole("button", { name: "Count" }));
  expect(names()).toEqual(["app-1", "web-9", "web-10"]);
  expect(screen.getByRole("columnheader", { name: "Count" })).toHaveAttribute("aria-sort", "descending");
  expect(screen.getByRole("columnheader", { name: "Actions" })).not.toHaveAttribute("aria-sort");
});

test("there are three empty states, and each keeps the head of its table", async () => {
  const user = userEvent.setup();
  const clear = vi.fn();
  const empties = [
    <Empty key="1" title="No host yet">
      <p>A host runs things.</p>
      <button type="button">Add a host</button>
    </Empty>,
    <NoMatch key="2" title="No host matches" onClear={clear}>
      <p>None has this name.</p>
    </NoMatch>,
    <NoRight key="3" what="the hosts" whom="A platform admin" />,
  ];
  const titles = ["No host yet", "No host matches", "You may not see the hosts"];
  for (const [index, empty] of empties.entries()) {
    const { unmount } = render(<Table label="Hosts" columns={COLUMNS} rows={[]} rowKey={(row) => row.name} empty={empty} />);
    expect(within(screen.getByRole("table", { name: "Hosts" })).getAllByRole("columnheader")).toHaveLength(3);
    expect(screen.getByRole("heading", { name: titles[index] ?? "" })).toBeVisible();
    if (index === 1) await user.click(screen.getByRole("button", { name: "Clear filters" }));
    if (index === 2) expect(screen.getByText("A platform admin can give you the right to it.")).toBeVisible();
    unmount();
  }
  expect(clear).toHaveBeenCalledOnce();
});

test("while rows are on their way the table has its shape and says that it is busy", () => {
  render(<Table label="Rows" columns={COLUMNS} rows={undefined} rowKey={(row: Row) => row.name} />);
  expect(screen.getByRole("table").parentElement).toHaveAttribute("aria-busy", "true");
  expect(screen.getAllByRole("row")).toHaveLength(4);
});
