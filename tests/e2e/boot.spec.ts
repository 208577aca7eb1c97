import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

interface Stage {
  name: string;
  title: string;
  status: string;
  elapsed_ms: number | null;
  detail: string | null;
}

const NAMES = ["configure", "locate", "start", "migrate", "serve"];

function boot(passed: number, more: Record<string, unknown> = {}) {
  const stages: Stage[] = NAMES.map((name, index) => ({
    name,
    title: `Stage ${name}`,
    status: index < passed ? "passed" : index === passed ? "running" : "pending",
    elapsed_ms: index < passed ? 10.25 * (index + 1) : null,
    detail: null,
  }));
  return {
    revision: passed + 1,
    state: passed === NAMES.length ? "ready" : "booting",
    version: "0.1.0",
    os: "linux x86_64",
    environment: "local",
    profile: "demo",
    elapsed_ms: 100.5,
    stages,
    failure: null,
    report: "the report",
    ...more,
  };
}

function failed() {
  const report = boot(2);
  const stage = report.stages[2];
  if (stage !== undefined) stage.status = "failed";
  return {
    ...report,
    state: "failed",
    failure: {
      stage: "start",
      code: "postgres.start_failed",
      what: "PostgreSQL did not start",
      cause: "The data directory belongs to somebody else.",
      next_step: "Give it back and start again.",
    },
    report: "drydock report\ncode postgres.start_failed",
  };
}

/** Answers the long poll with whatever `next` holds; waits while nothing is newer. */
async function stubBoot(page: Page) {
  const state = { passed: 0, asked: [] as number[] };
  await page.route("**/api/v1/boot?*", async (route) => {
    const after = Number(new URL(route.request().url()).searchParams.get("after"));
    state.asked.push(after);
    while (state.passed + 1 <= after) await new Promise((done) => setTimeout(done, 20));
    await route.fulfill({ json: boot(state.passed) });
  });
  return state;
}

test("stages tick off with their times, and the page goes on by itself", async ({ page }) => {
  const state = await stubBoot(page);
  await page.goto("/");
  const stages = page.getByRole("list", { name: "Stages of the boot" }).getByRole("listitem");
  await expect(stages).toHaveCount(NAMES.length);
  await expect(page.getByText("Drydock", { exact: true })).toBeVisible();
  await expect(stages.nth(0)).toHaveAttribute("aria-current", "step");
  state.passed = 2;
  await expect(stages.nth(1)).toContainText("passed 21 ms");
  await expect(stages.nth(2)).toHaveAttribute("aria-current", "step");
  await expect(page.getByText("2 of 5 stages passed, 101 ms in total")).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveCount(0);
  state.passed = NAMES.length;
  await expect(page.getByLabel("E-mail")).toBeFocused();
  expect(state.asked[0]).toBe(0);
  expect(state.asked).toContain(3);
});

test("a boot that is over is skipped without a flash", async ({ page }) => {
  await page.addInitScript(() => {
    new MutationObserver(() => {
      if (document.querySelector(".boot") !== null) (window as unknown as { flashed: boolean }).flashed = true;
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto("/login");
  await expect(page.getByLabel("E-mail")).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { flashed?: boolean }).flashed)).toBeUndefined();
});

test("a failure says what, why and what to do, and copies its report", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.route("**/api/v1/boot?*", (route) => route.fulfill({ json: failed() }));
  await page.goto("/");
  const alert = page.getByRole("alert");
  for (const text of [
    "PostgreSQL did not start",
    "The data directory belongs to somebody else.",
    "Give it back and start again.",
    "Stage start",
    "postgres.start_failed",
  ]) {
    await expect(alert).toContainText(text);
  }
  await page.getByRole("button", { name: "Copy report" }).click();
  await expect(page.getByText("Copied to the clipboard.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("drydock report\ncode postgres.start_failed");
  await expect(page.getByLabel("E-mail")).toHaveCount(0);
});

test("without a clipboard the report is there to select", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("no")) } });
  });
  await page.route("**/api/v1/boot?*", (route) => route.fulfill({ json: failed() }));
  await page.goto("/");
  await page.getByRole("button", { name: "Copy report" }).click();
  await expect(page.getByRole("textbox", { name: "Report" })).toHaveValue(/postgres\.start_failed/);
});

test("a lost connection is its own message and heals by itself", async ({ page }) => {
  let down = true;
  await page.route("**/api/v1/boot?*", (route) => (down ? route.abort() : route.continue()));
  await page.goto("/");
  await expect(page.getByRole("alert")).toContainText("The platform does not answer");
  await expect(page.getByRole("button", { name: "Try again now" })).toBeVisible();
  down = false;
  await expect(page.getByLabel("E-mail")).toBeVisible();
});

test("the last start can be looked at afterwards", async ({ page, place }) => {
  await page.goto(`${place.path}/overview`);
  await page.getByRole("link", { name: "DEMO · local" }).click();
  await expect(page.getByRole("heading", { name: "Ready" })).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "passed" })).not.toHaveCount(0);
  await page.getByRole("button", { name: "Back to Drydock" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});
