import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test as plain } from "@playwright/test";
import { ADMIN, envelope, expect, signIn, test, useToken } from "./fixtures";
import { start } from "./serve";

const GONE = envelope(503, "platform.database_unavailable", "The database does not answer", "It was lost.", "Wait a moment.");

test("a database that goes away is told, nothing on screen is lost, and the page recovers by itself", async ({ page, place }) => {
  await page.goto(`${place.path}/overview`);
  const figures = page.getByRole("table", { name: "Status" });
  await expect(figures.getByRole("link").first()).toBeVisible();
  await page.getByRole("button", { name: /^Account: / }).click();
  await page.getByRole("menuitem", { name: "Change password" }).click();
  await page.getByLabel("Current password", { exact: true }).fill("as it was");
  await page.getByLabel("New password", { exact: true }).fill("a quay in the rain");

  let gone = true;
  await page.route(/\/(api\/v1|readyz)/, (route) => (gone ? route.fulfill(GONE) : route.continue()));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("platform.database_unavailable");
  await expect(page.locator(".outage")).toContainText("The database does not answer");
  // What was typed and what was read stay.
  await expect(page.getByLabel("New password", { exact: true })).toHaveValue("a quay in the rain");
  await expect(page.locator("table").first()).toBeAttached();

  gone = false;
  await expect(page.locator(".outage")).toHaveCount(0, { timeout: 15_000 });
  await expect(page.getByText("Drydock answers again.").first()).toBeVisible();
  await expect(page.getByLabel("New password", { exact: true })).toHaveValue("a quay in the rain");
});

test("a page that could not be read is read as soon as the platform answers again", async ({ page, place }) => {
  let gone = true;
  await page.route("**/api/v1/overview", (route) => (gone ? route.abort() : route.continue()));
  await page.route("**/readyz", (route) => (gone ? route.abort() : route.continue()));
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("main").getByRole("alert")).toContainText("ui.connection_lost");
  await expect(page.locator(".outage")).toBeVisible();
  gone = false;
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible({ timeout: 15_000 });
  await expect(page.locator(".outage")).toHaveCount(0);
});

test("the report of an outage names version, phase, code and the last requests, and no secret", async ({ page, context, place, api }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.route("**/api/v1/overview", (route) => route.fulfill(GONE));
  await page.route("**/readyz", (route) => route.fulfill(GONE));
  await page.goto(`${place.path}/overview`);
  await page.locator(".outage").getByRole("button", { name: "Copy report" }).click();
  await expect(page.getByText("Copied to the clipboard.")).toBeVisible();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  for (const part of ["platform.database_unavailable", "e2e-request", "Drydock 0.1.0", "serve", "GET /api/v1/overview 503"]) {
    expect(report).toContain(part);
  }
  expect(report.split("The last requests")[1]?.trim().split("\n").length).toBeLessThanOrEqual(51);
  for (const secret of [api.token, "Password123!", "authorization"]) expect(report).not.toContain(secret);
});

plain("a database server that is killed is told, and the page goes on once it is started again", async ({ page, playwright }) => {
  let served = await start();
  try {
    const request = await playwright.request.newContext({ baseURL: served.url });
    const api = await signIn(request, ADMIN);
    await request.dispose();
    await useToken(page, api.token);
    await page.goto(`${served.url}/account`);
    const name = page.getByLabel("First name");
    await expect(name).toHaveValue("Platform");
    await name.fill("Harbour");

    // As the kernel does when memory runs out.
    const note = await readFile(join(served.data, "cluster/postmaster.pid"), "utf8");
    process.kill(Number(note.split("\n")[0]), "SIGKILL");
    const { code, said } = await served.ended();
    expect(code).toBe(1);
    expect(said).toContain("[database.lost]");
    await page.getByRole("button", { name: "Save" }).first().click();
    const outage = page.locator(".outage");
    await expect(outage).toContainText("ui.connection_lost");
    await expect(name).toHaveValue("Harbour");

    served = await start("demo", served);
    await expect(outage).toHaveCount(0, { timeout: 20_000 });
    await expect(name).toHaveValue("Harbour");
    await page.getByRole("button", { name: "Save" }).first().click();
    await expect(page.locator(".toast-text").filter({ hasText: /saved/i })).toBeVisible();
    await page.reload();
    await expect(name).toHaveValue("Harbour");
  } finally {
    await served.stop();
  }
});
