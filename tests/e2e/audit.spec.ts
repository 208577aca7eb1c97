import { readFile } from "node:fs/promises";
import { expect, signIn, test, useToken, VIEWER } from "./fixtures";

test("the security log shows who did what, says that it is whole, and is filtered by the address", async ({ page, request, api }) => {
  expect(api.token).not.toBe("");
  await request.post("/api/v1/auth/login", { data: { email: "seeker@nowhere.test", password: "wrong" } });
  await page.goto("/audit?who=seeker");
  await expect(page).toHaveTitle(/Security log/);
  const table = page.getByRole("table", { name: "Security log" });
  await expect(table.getByRole("button", { name: "Sign-in failed" })).toHaveCount(1);
  await expect(page.getByText(/All \d[\d,]* entries are as they were written/)).toBeVisible();

  await table.getByRole("button", { name: "Sign-in failed" }).click();
  await expect(table.getByText("unknown_address")).toBeVisible();
  await expect(table.getByText("POST /api/v1/auth/login")).toBeVisible();

  await page.getByLabel("Who").fill("");
  await page.getByLabel("Result").selectOption("Refused");
  await expect(page).toHaveURL(/outcome=denied/);
  await page.getByLabel("Event").selectOption("Sign-in failed");
  await expect(page).toHaveURL(/event=sign_in.failed/);
  await page.getByLabel("Search").fill("no such thing");
  await expect(page.getByRole("heading", { name: "No entry matches" })).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).first().click();
  await expect(page).toHaveURL(/\/audit$/);
  await expect(table.getByRole("button").first()).toBeVisible();
});

test("exactly what is filtered is exported", async ({ page, request, api }) => {
  expect(api.token).not.toBe("");
  await request.post("/api/v1/auth/login", { data: { email: "=exported@nowhere.test", password: "wrong" } });
  await page.goto("/audit?who=exported%40nowhere");
  await expect(page.getByRole("table").getByRole("button", { name: "Sign-in failed" })).toHaveCount(1);
  await page.getByRole("button", { name: "Export CSV" }).click();
  const told = page.locator(".toast-text").filter({ hasText: "1 matching entry saved as" });
  await expect(told).toBeVisible();
  // In the folder of downloads of whoever runs Drydock, as in the window, where a page has no downloads of its own.
  const path = ((await told.textContent()) ?? "").split("saved as ")[1] ?? "";
  expect(path).toMatch(/\/Security log \d{4}-\d\d-\d\d( \(\d+\))?\.csv$/);
  const lines = (await readFile(path, "utf8")).trimEnd().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("'=exported@nowhere.test");
});

test("whoever may not see it is told whom to ask, and is not offered it", async ({ page, request }) => {
  const { token } = await signIn(request, VIEWER);
  await useToken(page, token);
  await page.goto("/audit");
  await expect(page.getByRole("heading", { name: "You may not see the security log" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Security log" })).toHaveCount(0);
});

test("an empty log of a client account says what will be in it", async ({ page, place }) => {
  await page.goto(`/clients/${place.client.id}/audit?event=no.such`);
  await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "No entry matches" })).toBeVisible();
});
