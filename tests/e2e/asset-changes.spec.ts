import type { Page } from "@playwright/test";
import { expect, signIn, test as base, type Api } from "./fixtures";
import { start, type Served } from "./serve";

/** Changes assets, so it has a platform of its own, one for each worker. */
const test = base.extend<object, { own: Served }>({
  own: [
    async ({}, use) => {
      const own = await start();
      await use(own);
      await own.stop();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ own }, use) => {
    await use(own.url);
  },
});

/** What has just been said, as it is shown. */
const said = (page: Page, text: string | RegExp) => page.locator(".toast-text").filter({ hasText: text });

/** Opens the list and waits for its rows. */
async function open(page: Page, path: string) {
  await page.goto(path);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  await expect(page.locator('[role=row][aria-rowindex="2"] [role=gridcell]').nth(1)).not.toHaveText("");
}

const selected = (place: { client: { id: string }; engagement: { id: string } }, api: Api) => ({
  authorization: `Bearer ${api.token}`,
  "x-client-account-id": place.client.id,
  "x-engagement-id": place.engagement.id,
});

test("an edit is seen at once, kept, told and undone", async ({ page, place }) => {
  await open(page, `${place.path}/assets?type=server`);
  const cell = page.locator('[role=row][aria-rowindex="2"] [role=gridcell]').nth(7);
  await cell.dblclick();
  await page.getByRole("textbox", { name: "Memory" }).fill("123");
  // The answer takes its time; the value does not.
  await page.route("**/api/v1/assets/*", async (route) => {
    if (route.request().method() === "PATCH") await new Promise((done) => setTimeout(done, 500));
    await route.continue();
  });
  await page.keyboard.press("Enter");
  await expect(cell).toHaveText("123", { timeout: 400 });
  await expect(said(page, /changed\. Memory: 123/)).toBeVisible();
  await page.reload();
  await expect(cell).toHaveText("123");
  await page.unrouteAll({ behavior: "wait" });

  await cell.dblclick();
  await page.getByRole("textbox", { name: "Memory" }).fill("124");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(cell).toHaveText("123");
});

test("a refused edit goes back and says why", async ({ page, place }) => {
  await open(page, `${place.path}/assets?type=server`);
  const cell = page.locator('[role=row][aria-rowindex="2"] [role=gridcell]').nth(7);
  await expect(cell).not.toBeEmpty();
  const before = await cell.textContent();
  await page.route("**/api/v1/assets/*", (route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({ status: 503, json: { code: "database.unavailable", status: 503, title: "Database unavailable", detail: "", next_step: "", fields: [], request_id: "x" } })
      : route.continue(),
  );
  await cell.dblclick();
  await page.getByRole("textbox", { name: "Memory" }).fill("77");
  await page.keyboard.press("Enter");
  await expect(said(page, /was not changed.*database\.unavailable/)).toBeVisible();
  await expect(cell).toHaveText(before ?? "");
});

test("who comes second is shown both values and loses nothing", async ({ page, place, api, request }) => {
  await open(page, `${place.path}/assets?type=database`);
  const row = page.locator('[role=row][aria-rowindex="2"]');
  const name = (await row.getByRole("gridcell").nth(1).textContent()) ?? "";
  const list = await request.get(`/api/v1/assets?asset_type=database&limit=1`, { headers: selected(place, api) });
  const [asset] = ((await list.json()) as { assets: { id: string; version: number; name: string }[] }).assets;
  expect(asset?.name).toBe(name);
  // Another window, meanwhile.
  const other = await signIn(request);
  const theirs = await request.patch(`/api/v1/assets/${asset?.id ?? ""}`, {
    headers: selected(place, other),
    data: { version: asset?.version, set: { memory_gb: 11 } },
  });
  expect(theirs.status()).toBe(200);

  const cell = row.getByRole("gridcell").nth(7);
  await cell.dblclick();
  await page.getByRole("textbox", { name: "Memory" }).fill("22");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: new RegExp(name) });
  await expect(dialog.getByText("22", { exact: true })).toBeVisible();
  await expect(dialog.getByText("11", { exact: true })).toBeVisible();
  await dialog.getByRole("button", { name: "Save what is chosen" }).click();
  await expect(cell).toHaveText("22");
});

test("a deletion is undone by Ctrl Z, with its dependencies", async ({ page, place, api, request }) => {
  await open(page, `${place.path}/assets?type=application`);
  const row = page.locator('[role=row][aria-rowindex="2"]');
  const name = (await row.getByRole("gridcell").nth(1).textContent()) ?? "";
  const list = await request.get(`/api/v1/assets?asset_type=application&limit=1`, { headers: selected(place, api) });
  const [asset] = ((await list.json()) as { assets: { id: string }[] }).assets;
  const detail = async () => (await request.get(`/api/v1/assets/${asset?.id ?? ""}`, { headers: selected(place, api) })).json() as Promise<unknown>;
  const before = await detail();

  await row.getByRole("gridcell").first().click();
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Delete" }).click();
  await expect(said(page, `“${name}” deleted.`)).toBeVisible();
  await expect(page.getByRole("gridcell", { name, exact: true })).toHaveCount(0);
  await page.keyboard.press("Control+z");
  await expect(said(page, `“${name}” put back.`)).toBeVisible();
  await expect(row.getByRole("gridcell").nth(1)).toHaveText(name);
  expect(await detail()).toEqual(before);
});

test("all that match are changed at once and changed back", async ({ page, place }) => {
  await open(page, `${place.path}/assets?type=database`);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  await page.getByRole("columnheader", { name: "Selection of all rows" }).click();
  await page.getByRole("button", { name: "Change…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Field").selectOption("migration_wave");
  await dialog.getByLabel("Wave").fill("42");
  await dialog.getByRole("button", { name: "Change", exact: true }).click();
  await expect(said(page, /assets changed\. Wave: 42/)).toBeVisible();
  await open(page, `${place.path}/assets?migration_wave=42`);
  await expect(page.getByText(/^\d+ matching assets$/)).toBeVisible();
});

test("what is selected is copied as a table, and a cell as it is", async ({ page, place, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, `${place.path}/assets?type=server`);
  await page.getByRole("gridcell").nth(1).focus();
  await page.keyboard.press("Control+c");
  const read = () => page.evaluate(() => navigator.clipboard.readText());
  const name = (await page.locator('[role=row][aria-rowindex="2"] [role=gridcell]').nth(1).textContent()) ?? "";
  await expect.poll(read).toBe(name);
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Control+c");
  await expect.poll(async () => (await read()).split("\n").length).toBe(3);
  const [head, first] = (await read()).split("\n");
  expect(head?.split("\t").slice(0, 2)).toEqual(["Name", "Type"]);
  expect(first?.split("\t")[0]).toBe(name);
});

test("columns, widths and density are still there after a reload", async ({ page, place }) => {
  await open(page, `${place.path}/assets`);
  await page.getByRole("button", { name: "Columns" }).click();
  // The box follows what is kept of the table, a moment after the click.
  await page.getByRole("checkbox", { name: "Description" }).click();
  await expect(page.getByRole("checkbox", { name: "Description" })).toBeChecked();
  await page.getByRole("checkbox", { name: "Type", exact: true }).focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByRole("button", { name: "Compact" }).click();
  const kept = page.waitForResponse((answer) => answer.url().includes("/api/v1/asset-table") && answer.request().method() === "PUT");
  await page.keyboard.press("Escape");
  await kept;
  await page.reload();
  await expect(page.getByRole("grid")).toHaveAttribute("data-density", "compact");
  const heads = (await page.getByRole("columnheader").allTextContents()).slice(1, 4);
  expect(heads[1]).toBe("Environment");
  expect(heads[2]).toBe("Type");
  await expect(page.getByRole("columnheader", { name: "Description" })).toHaveCount(1);

  const head = page.getByRole("columnheader", { name: "Environment" });
  const before = (await head.boundingBox())?.width ?? 0;
  await head.focus();
  await page.keyboard.press("Shift+ArrowRight");
  await expect.poll(async () => (await head.boundingBox())?.width).toBe(before + 16);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("button", { name: "As at first" }).click();
  await expect(page.getByRole("grid")).toHaveAttribute("data-density", "comfortable");
});

test("a view is saved under a name, opened, shared by its address, and made the default", async ({ page, place }) => {
  await open(page, `${place.path}/assets?type=server&sort=-memory_gb`);
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save as a view…" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Big servers");
  await page.getByLabel("Open the table with it").check();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Big servers" })).toBeVisible();

  await page.goto(`${place.path}/assets`);
  await expect(page).toHaveURL(/type=server&sort=-memory_gb$/);
  await page.getByRole("button", { name: "Big servers" }).click();
  await page.getByRole("menuitem", { name: "Delete “Big servers”" }).click();
  await expect(said(page, "“Big servers” deleted.")).toBeVisible();
  await page.keyboard.press("Control+z");
  await expect(said(page, "“Big servers” is back.")).toBeVisible();
  await page.getByRole("button", { name: "Big servers" }).click();
  await page.getByRole("menuitem", { name: "Delete “Big servers”" }).click();
  await expect(page.getByRole("button", { name: "Views" })).toBeVisible();
});

test("an asset opens beside the list with its history, and everything about it is in the address", async ({ page, place }) => {
  await open(page, `${place.path}/assets?type=server`);
  await page.getByRole("gridcell").nth(1).focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: "Asset" });
  await expect(panel.getByRole("heading", { level: 2 })).not.toBeEmpty();
  await panel.getByRole("tab", { name: "Dependencies" }).click();
  await expect(page).toHaveURL(/asset=[0-9a-f-]+&tab=dependencies/);
  await expect(panel.getByRole("heading", { name: /Depends on/ })).toBeVisible();
  await panel.getByRole("tab", { name: "Fields" }).click();
  await panel.getByRole("button", { name: "Change department" }).click();
  await panel.getByRole("textbox", { name: "Department" }).fill("Dockyard");
  await page.keyboard.press("Enter");
  await panel.getByRole("tab", { name: "History" }).click();
  await expect(panel.getByText("Dockyard")).toBeVisible();
  await page.reload();
  await expect(panel.getByText("Dockyard")).toBeVisible();
  await panel.getByRole("button", { name: "Undo this change" }).first().click();
  await expect(panel.getByText("(undone)")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);
});

test("an export says how far it is and where the file is", async ({ page, place }) => {
  await open(page, `${place.path}/assets?type=server`);
  await page.getByRole("button", { name: "Export" }).click();
  const dialog = page.getByRole("dialog", { name: "Export as CSV" });
  await dialog.getByRole("button", { name: "Export" }).click();
  await expect(dialog.getByText(/assets written to .*\.csv/)).toBeVisible();
});
