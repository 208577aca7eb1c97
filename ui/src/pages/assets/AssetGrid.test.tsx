import { fireEvent, render, screen, within } from "@testing-library/react";
import { beforeAll, expect, test, vi } from "vitest";
import type { Asset } from "../../api/queries";
import { AssetGrid } from "./AssetGrid";

beforeAll(() => {
  // jsdom has no layout; the grid is given a window of 400 px.
  Element.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, value: 400 });
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, value: 800 });
});

const asset = (index: number, more: Partial<Asset> = {}): Asset => ({
  id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  name: `node-${index}`,
  asset_type: "virtual_machine",
  created_at: "2026-01-01T00:00:00Z",
  ...more,
});

test("counts its rows right although few are in the document", () => {
  const more = vi.fn();
  const assets = Array.from({ length: 200 }, (_, index) => asset(index));
  render(<AssetGrid assets={assets} total={5000} onNeedMore={more} />);
  const grid = screen.getByRole("grid", { name: "Assets" });
  expect(grid).toHaveAttribute("aria-rowcount", "5001");
  const rows = within(grid).getAllByRole("row");
  expect(rows.length).toBeLessThan(60);
  expect(rows.map((row) => row.getAttribute("aria-rowindex")).slice(0, 3)).toEqual(["1", "2", "3"]);
  expect(screen.getByRole("columnheader", { name: "Name" })).toHaveAttribute("aria-sort", "ascending");
  expect(more).not.toHaveBeenCalled();
});

test("one cell can be reached by Tab, and it follows the keys", () => {
  render(<AssetGrid assets={[asset(0), asset(1)]} total={2} onNeedMore={vi.fn()} />);
  const stops = () => screen.getAllByRole("gridcell").filter((cell) => cell.tabIndex === 0);
  expect(stops()).toHaveLength(1);
  fireEvent.keyDown(screen.getByRole("grid"), { key: "End", ctrlKey: true });
  expect(stops()).toHaveLength(1);
  expect(stops()[0]).toHaveFocus();
  expect(stops()[0]?.closest("[role=row]")).toHaveAttribute("aria-rowindex", "3");
});

test("asks for more when rows on screen aren't loaded", () => {
  const more = vi.fn();
  render(<AssetGrid assets={[asset(0)]} total={300} onNeedMore={more} />);
  expect(more).toHaveBeenCalled();
});

test("keeps its head without rows, and can then be scrolled by keys itself", () => {
  render(<AssetGrid assets={[]} total={0} onNeedMore={vi.fn()} />);
  expect(screen.getByRole("columnheader", { name: "Name" })).toBeInTheDocument();
  expect(screen.queryByRole("gridcell")).toBeNull();
  expect(screen.getByRole("grid")).toHaveAttribute("tabindex", "0");
});

test("reads values as words and says what isn't recorded", () => {
  render(<AssetGrid assets={[asset(0, { memory_gb: 1024.5, environment: "dr" })]} total={1} onNeedMore={vi.fn()} />);
  const cells = screen.getAllByRole("gridcell").map((cell) => cell.textContent);
  expect(cells).toContain("Virtual machine");
  expect(cells).toContain("Disaster recovery");
  expect(cells).toContain("1,024.5");
  expect(cells).toContain("–Not recorded");
});
