import { fireEvent, render, screen, within } from "@testing-library/react";
import { beforeAll, expect, test, vi } from "vitest";
import openapi from "../../api/openapi.json";
import type { Asset } from "../../api/queries";
import { filterWords, listing, oneOf, readSearch, searchOf, valuesOf, without } from "./address";
import { AssetGrid, type GridSelection } from "./AssetGrid";
import { fieldOf, FIELDS, FIRST_COLUMNS } from "./fields";
import { follow, reach } from "./useScroll";

beforeAll(() => {
  // jsdom has no layout; the grid is given a window of 400 px.
  Element.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, value: 400 });
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, value: 800 });
});

const asset = (index: number, more: Partial<Asset> = {}): Asset => ({
  id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  version: 1,
  name: `node-${index}`,
  asset_type: "virtual_machine",
  assessment_readiness: "ready",
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  ...more,
});

const selection = (): GridSelection => ({ has: () => false, toggle: vi.fn(), extend: vi.fn(), all: vi.fn(), none: vi.fn(), state: "none" });
const columns = FIRST_COLUMNS.map(fieldOf).filter((field) => field !== undefined);

function show(total: number | undefined, more: Partial<Parameters<typeof AssetGrid>[0]> = {}) {
  const props = {
    columns,
    widths: {},
    density: "comfortable" as const,
    sort: { field: "name" as const, descending: false },
    total,
    at: (index: number) => (total !== undefined && index < total ? asset(index) : undefined),
    selection: selection(),
    editable: true,
    onRange: vi.fn(),
    onSort: vi.fn(),
    onWidth: vi.fn(),
    onOpen: vi.fn(),
    onEdit: vi.fn(),
    onCopy: vi.fn(),
    ...more,
  };
  render(<AssetGrid {...props} />);
  return props;
}

const grid = () => screen.getByRole("grid", { name: "Assets" });
const stops = () => [...grid().querySelectorAll<HTMLElement>("[tabindex='0']")];

test("counts a million rows right although few are in the document", () => {
  show(1_000_000);
  expect(grid()).toHaveAttribute("aria-rowcount", "1000001");
  const rows = within(grid()).getAllByRole("row");
  expect(rows.length).toBeLessThan(60);
  expect(rows.map((row) => row.getAttribute("aria-rowindex")).slice(0, 3)).toEqual(["1", "2", "3"]);
  expect(screen.getByRole("columnheader", { name: "Name" })).toHaveAttribute("aria-sort", "ascending");
  expect(screen.getByRole("columnheader", { name: "Memory (GB)" })).not.toHaveAttribute("aria-sort");
});

test("one cell can be reached by Tab, and it follows the keys to the last of a million", () => {
  show(1_000_000);
  expect(stops()).toHaveLength(1);
  fireEvent.keyDown(grid(), { key: "End", ctrlKey: true });
  expect(stops()).toHaveLength(1);
  expect(stops()[0]).toHaveFocus();
  expect(stops()[0]?.closest("[role=row]")).toHaveAttribute("aria-rowindex", "1000001");
  fireEvent.keyDown(grid(), { key: "Home", ctrlKey: true });
  fireEvent.keyDown(grid(), { key: "ArrowUp" });
  expect(stops()[0]).toHaveAttribute("role", "columnheader");
});

test("heads sort by Enter, rows are selected by Space, cells changed by F2 and copied", () => {
  const props = show(3);
  fireEvent.keyDown(grid(), { key: " " });
  expect(props.selection.toggle).toHaveBeenCalledWith(0, asset(0));
  fireEvent.keyDown(grid(), { key: "ArrowDown", shiftKey: true });
  expect(props.selection.extend).toHaveBeenCalledWith(1);
  fireEvent.keyDown(grid(), { key: "c", ctrlKey: true });
  expect(props.onCopy).toHaveBeenCalledWith({ asset: asset(1), field: fieldOf("name") });
  fireEvent.keyDown(grid(), { key: "F2" });
  const input = screen.getByRole("textbox", { name: "Name" });
  fireEvent.change(input, { target: { value: "renamed" } });
  fireEvent.keyDown(input, { key: "Enter" });
  expect(props.onEdit).toHaveBeenCalledWith(asset(1), fieldOf("name"), "renamed");
  fireEvent.keyDown(grid(), { key: "ArrowUp" });
  fireEvent.keyDown(grid(), { key: "ArrowUp" });
  fireEvent.keyDown(grid(), { key: "Enter" });
  expect(props.onSort).toHaveBeenCalledWith("name");
  fireEvent.keyDown(grid(), { key: "ArrowRight", shiftKey: true });
  expect(props.onWidth).toHaveBeenCalledWith("name", 236);
});

test("keeps its head without rows, and can then be scrolled by keys itself", () => {
  show(0);
  expect(screen.getByRole("columnheader", { name: "Name" })).toBeInTheDocument();
  expect(screen.queryByRole("gridcell")).toBeNull();
  expect(stops().length + (grid().tabIndex === 0 ? 1 : 0)).toBeGreaterThan(0);
});

test("reads values as words and says what isn't recorded", () => {
  show(1, { at: () => asset(0, { memory_gb: 1024.5, environment: "dr" }) });
  const cells = screen.getAllByRole("gridcell").map((cell) => cell.textContent);
  expect(cells).toContain("Virtual machine");
  expect(cells).toContain("Disaster recovery");
  expect(cells).toContain("1,024.5");
  expect(cells).toContain("–Not recorded");
});

test("the page knows the same columns as the API", () => {
  const filter = Object.keys(openapi.components.schemas.AssetFilter.properties).filter((name) => name !== "q");
  expect(FIELDS.map(({ name }) => name).sort()).toEqual(filter.sort());
});

test("filters go to the address and come back", () => {
  for (const values of [["production"], ["a,b", "c\\"], ["none"], [null], ["x", null]] as (string | null)[][]) {
    expect(valuesOf(oneOf(values))).toEqual(values);
  }
  const search = readSearch({ type: "server", memory_gb: "4..8", q: "web", sort: "-memory_gb", asset: "x", other: "y" });
  expect(search).toEqual({ type: "server", memory_gb: "4..8", q: "web", sort: "-memory_gb", asset: "x" });
  expect(searchOf(listing(search))).toEqual(without(search, "asset"));
  const words = (name: string, filter: string) => {
    const field = fieldOf(name);
    return field === undefined ? "" : filterWords(field, filter);
  };
  expect(words("memory_gb", "4..8")).toBe("4 to 8 GB");
  expect(words("cpu_cores", "..8")).toBe("up to 8 cores");
  expect(words("environment", "dr,none")).toBe("Disaster recovery or Not recorded");
  expect(words("hostname", "~web")).toBe("contains “web”");
});

test("a list that is higher than any box is scrolled through from end to end", () => {
  const [list, view, box] = [36_000_000, 800, 8_000_000];
  // Every place can be reached, and the box stands within its bounds.
  for (const at of [0, 1, 36, 17_000_000, list - view]) {
    const { shift, top } = reach(list, view, box, at);
    expect(top + shift).toBeCloseTo(at, 3);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(top).toBeLessThanOrEqual(box - view + 0.001);
  }
  // Short ways follow px by px, until the end and not beyond.
  let now = reach(list, view, box, list - 40_000);
  for (let step = 0; step < 1000; step += 1) {
    const before = now.top + now.shift;
    const next = Math.min(now.top + 100, box - view);
    now = follow(list, view, { box, shift: now.shift }, now.top, next);
    const moved = now.top + now.shift - before;
    expect(moved).toBeGreaterThanOrEqual(0);
    expect(now.top + now.shift).toBeLessThanOrEqual(list - view + 0.001);
  }
  expect(now.top + now.shift).toBeCloseTo(list - view, 3);
  // A long way is a jump to the same share.
  const jump = follow(list, view, { box, shift: 0 }, 0, (box - view) / 2);
  expect(jump.top + jump.shift).toBeCloseTo((list - view) / 2, 0);
});
