import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const MANY = 100_000;
/** The API counts no further unless it is asked to. */
const COUNTED = 10_000;

const madeUp = (index: number) => ({
  id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  version: 1,
  name: `node-${String(index).padStart(6, "0")}`,
  asset_type: "server",
  assessment_readiness: "ready",
  cpu_cores: 4,
  memory_gb: 16,
  storage_gb: 200.5,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
});

/** Answers asset pages out of `MANY` made-up rows. */
async function stubMany(page: Page) {
  await page.route("**/api/v1/assets?*", async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const limit = Number(query.get("limit") ?? "100");
    const from = query.get("last") === "true" ? MANY - limit : Number(query.get("cursor") ?? query.get("offset") ?? "0");
    const assets = Array.from({ length: Math.min(limit, MANY - from) }, (_, index) => madeUp(from + index));
    const next = from + limit;
    await route.fulfill({
      json: {
        assets,
        next_cursor: next < MANY ? String(next) : null,
        previous_cursor: from > 0 ? String(Math.max(0, from - limit)) : null,
        total: COUNTED,
        total_is_exact: false,
      },
    });
  });
  await page.route("**/api/v1/assets/count?*", (route) => route.fulfill({ json: { count: MANY } }));
  await page.route("**/api/v1/assets/count", (route) => route.fulfill({ json: { count: MANY } }));
}

const focused = (page: Page) =>
  page.evaluate(() => {
    const cell = document.activeElement;
    const row = cell?.closest("[role=row]");
    return `${row?.getAttribute("aria-rowindex") ?? "-"}/${cell?.getAttribute("aria-colindex") ?? "-"}`;
  });

test("one cell has the focus and the keys of the grid pattern move it", async ({ page, place }) => {
  await page.goto(`${place.path}/assets`);
  const grid = page.getByRole("grid", { name: "Assets" });
  await expect(grid).toHaveAttribute("aria-busy", "false");
  const rows = place.engagement.asset_count + 1;
  const columns = Number(await grid.getAttribute("aria-colcount"));
  await expect(grid).toHaveAttribute("aria-rowcount", String(rows));
  await expect(page.getByRole("columnheader", { name: "Name", exact: true })).toHaveAttribute("aria-sort", "ascending");

  await page.getByRole("button", { name: "Columns" }).focus();
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("2/2");
  for (const [key, at] of [
    ["ArrowDown", "3/2"],
    ["ArrowRight", "3/3"],
    ["End", `3/${columns}`],
    ["Home", "3/1"],
    ["ArrowLeft", "3/1"],
    ["Control+End", `${rows}/${columns}`],
    ["ArrowDown", `${rows}/${columns}`],
    ["Control+Home", "2/1"],
    ["ArrowUp", "1/1"],
    ["ArrowDown", "2/1"],
  ] as const) {
    await page.keyboard.press(key);
    expect(await focused(page), key).toBe(at);
  }
  await page.keyboard.press("PageDown");
  const paged = Number((await focused(page)).split("/")[0]);
  expect(paged).toBeGreaterThan(5);
  await page.keyboard.press("PageUp");
  expect(await focused(page)).toBe("2/1");

  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("[role=grid]") === null)).toBe(true);
  await page.keyboard.press("Shift+Tab");
  expect(await focused(page)).toBe("2/1");
});

test("the focused cell is in view, also below the head and beside the name", async ({ page, place }) => {
  await page.setViewportSize({ width: 700, height: 500 });
  await page.goto(`${place.path}/assets`);
  await page.getByRole("gridcell").first().focus();
  for (const key of ["Control+End", "ArrowLeft", "ArrowLeft", "Control+Home", "ArrowRight", "ArrowRight", "ArrowDown"]) {
    await page.keyboard.press(key);
    const hit = await page.evaluate(() => {
      const cell = document.activeElement;
      const box = cell?.getBoundingClientRect();
      if (cell == null || box === undefined) return false;
      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return cell.contains(top);
    });
    expect(hit, key).toBe(true);
  }
});

test("a hundred thousand rows stay few in the document, and the last one is one key away", async ({ page, place }) => {
  await stubMany(page);
  await page.goto(`${place.path}/assets`);
  await expect(page.getByText("100,000 assets")).toBeVisible();
  await page.getByRole("gridcell").nth(1).focus();
  await page.keyboard.press("Control+End");
  await expect(page.getByText("node-099999")).toBeVisible();
  expect(await focused(page)).toMatch(/^100001\//);
  expect(await page.getByRole("row").count()).toBeLessThan(200);

  // Scrolled away, the focused cell stays in the document and keeps the focus.
  await page.getByRole("grid").evaluate((grid) => grid.scrollTo(0, 0));
  await expect(page.getByText("node-000000")).toBeVisible();
  expect(await focused(page)).toMatch(/^100001\//);
  await page.keyboard.press("ArrowUp");
  await expect(page.getByText("node-099998")).toBeInViewport();

  // The scroll bar means something: half way down is the middle.
  await page.getByRole("grid").evaluate((grid) => grid.scrollTo(0, (grid.scrollHeight - grid.clientHeight) / 2));
  await expect(page.getByText(/^node-0(49|50)/).first()).toBeVisible();
});

test("filters live in the address, as chips one can remove", async ({ page, place }) => {
  await page.goto(`${place.path}/assets`);
  await page.getByRole("button", { name: "Type", exact: true }).click();
  await page.getByRole("checkbox", { name: /^Server/ }).check();
  await expect(page).toHaveURL(/\?type=server$/);
  await page.keyboard.press("Escape");
  await page.getByRole("searchbox", { name: "Search assets" }).fill("web");
  await expect(page).toHaveURL(/q=web/);
  await expect(page.locator("[data-changing]")).toHaveCount(0);
  await expect(page.getByText(/^\d+ matching assets?$/)).toBeVisible();
  const count = await page.getByText(/^\d+ matching assets?$/).textContent();

  await page.reload();
  await expect(page.getByText(count ?? "", { exact: true })).toBeVisible();
  await expect(page.getByRole("searchbox")).toHaveValue("web");
  await page.getByRole("button", { name: "Remove the filter Search: web" }).click();
  await expect(page).toHaveURL(/\?type=server$/);
  await expect(page.getByRole("searchbox")).toHaveValue("");
  await page.getByRole("button", { name: "Remove the filter Type: Server" }).click();
  await expect(page.getByText(`${place.engagement.asset_count} assets`, { exact: true })).toBeVisible();

  // A range, of a column that is not even shown; back and forward go through it.
  await page.getByRole("button", { name: "More filters" }).click();
  await page.getByLabel("Column", { exact: true }).selectOption("memory_gb");
  await page.getByLabel("From").fill("16");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/memory_gb=16\.\.$/);
  await expect(page.getByRole("button", { name: "Remove the filter Memory: from 16 GB" })).toBeVisible();
  await page.goBack();
  await expect(page.getByText(`${place.engagement.asset_count} assets`, { exact: true })).toBeVisible();
  await page.goForward();
  await expect(page).toHaveURL(/memory_gb=16\.\.$/);
});

test("a head sorts by click and by key, seen at once and kept in the address", async ({ page, place }) => {
  await page.goto(`${place.path}/assets`);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  const head = page.getByRole("columnheader", { name: /^Memory/ });
  const begun = Date.now();
  await head.click();
  await expect(head).toHaveAttribute("aria-sort", "ascending");
  await expect(page).toHaveURL(/sort=memory_gb$/);
  await head.click();
  await expect(head).toHaveAttribute("aria-sort", "descending");
  await expect(page).toHaveURL(/sort=-memory_gb$/);
  await expect(page.locator(".grid-frame[data-changing]")).toHaveCount(0);
  expect(Date.now() - begun).toBeLessThan(2000);
  const column = await head.getAttribute("aria-colindex");
  const shown = await page.locator(`[role=gridcell][aria-colindex="${column ?? ""}"]`).allTextContents();
  const numbers = shown.slice(0, 10).map((text) => Number(text.replaceAll(",", "")));
  expect(numbers).toEqual([...numbers].sort((one, other) => other - one));
});

test("what is typed and looks like a number or a quote stays as typed", async ({ page, place }) => {
  for (const text of ["123", '"quoted"', "true", "a&b=c %"]) {
    await page.goto(`${place.path}/assets`);
    await page.getByRole("searchbox").fill(text);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: `Remove the filter Search: ${text}` })).toBeVisible();
    await page.reload();
    await expect(page.getByRole("searchbox")).toHaveValue(text);
  }
});

test("no match keeps the head and offers to clear the filters", async ({ page, place }) => {
  await page.goto(`${place.path}/assets?q=no-such-asset`);
  await expect(page.getByRole("heading", { name: "No asset matches" })).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Name", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await expect(page.getByText(`${place.engagement.asset_count} assets`, { exact: true })).toBeVisible();
});

test("nothing yet says what belongs here", async ({ page, place }) => {
  await page.route("**/api/v1/assets?*", (route) => route.fulfill({ json: { assets: [], next_cursor: null, previous_cursor: null, total: 0, total_is_exact: true } }));
  await page.goto(`${place.path}/assets`);
  await expect(page.getByRole("heading", { name: "No assets yet" })).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Name", exact: true })).toBeVisible();
});

test("figures are aligned and tabular", async ({ page, place }) => {
  await page.goto(`${place.path}/assets`);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  const style = await page
    .locator("[role=gridcell][data-number]")
    .first()
    .evaluate((cell) => [getComputedStyle(cell).textAlign, getComputedStyle(cell).fontVariantNumeric]);
  expect(style).toEqual(["right", "tabular-nums"]);
});

test("a slow answer shifts nothing", async ({ page, place }) => {
  await page.route("**/api/v1/assets?*", async (route) => {
    await new Promise((done) => setTimeout(done, 600));
    await route.continue();
  });
  await page.addInitScript(() => {
    (window as unknown as { shift: number }).shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) (window as unknown as { shift: number }).shift += (entry as unknown as { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(`${place.path}/assets`);
  await expect(page.locator(".skeleton").first()).toBeVisible();
  await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  await page.waitForTimeout(200);
  expect(await page.evaluate(() => (window as unknown as { shift: number }).shift)).toBeLessThan(0.02);
});
