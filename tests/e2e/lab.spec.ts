import { expect, signIn, test, useToken, VIEWER } from "./fixtures";

test("a scenario is played from the fault to the proof, by keyboard, and its report is saved", async ({ page, api }) => {
  test.slow();
  expect(api.token).not.toBe("");
  await page.goto("/lab?q=rls-not-enforced");
  await expect(page).toHaveTitle(/Deploy Lab/);
  await page.getByRole("button", { name: /rls-not-enforced/ }).click();
  await expect(page).toHaveURL(/scenario=rls-not-enforced/);
  await page.keyboard.press("p");
  await expect(page).toHaveURL(/run=/);
  const run = page.getByRole("article", { name: "The run" });
  await expect(run.getByRole("button", { name: "Apply remedy" })).toBeVisible({ timeout: 60_000 });
  await expect(run.getByText("exactly what was injected")).toBeVisible();
  await expect(run.getByRole("list", { name: "What is seen" }).getByRole("listitem").first()).toBeVisible();
  await page.keyboard.press("y");
  await expect(run.getByText("Played to its end.")).toBeVisible({ timeout: 60_000 });
  const proof = run.getByRole("table", { name: "What the run proves" });
  // R6 compares the live data, which the tests beside this one change.
  await expect(proof.getByRole("row").filter({ hasText: "R6" })).toBeVisible();
  await expect(proof.getByRole("row").filter({ hasText: "Does not hold" }).filter({ hasNotText: "R6" })).toHaveCount(0);
  await run.getByRole("button", { name: "Save the report as Markdown" }).click();
  await expect(page.getByText(/The report is .*rls-not-enforced.*\.md$/).first()).toBeVisible();

  // A link to the run shows the same.
  await page.reload();
  await expect(page.getByRole("article", { name: "The run" }).getByText("Played to its end.")).toBeVisible();
  await page.getByRole("button", { name: "All scenarios" }).click();
  await page.getByLabel("Search").fill("no such fault");
  await expect(page.getByRole("heading", { name: "No scenario matches" })).toBeVisible();
});

test("the night is a timeline whose steps have an address", async ({ page, api }) => {
  expect(api.token).not.toBe("");
  await page.goto("/replay");
  const night = page.getByRole("list", { name: "The night" });
  await night.getByRole("button").nth(2).click();
  await expect(page).toHaveURL(/step=3/);
  await page.keyboard.press("k");
  await expect(page).toHaveURL(/step=2/);
  await expect(night.locator("[aria-current=step]")).toHaveCount(1);
});

test("the doctor finds nothing wrong with Drydock's own database, and says what it could not look at", async ({ page, api }) => {
  expect(api.token).not.toBe("");
  await page.goto("/doctor");
  await page.getByRole("button", { name: "Examine" }).click();
  await expect(page.getByRole("heading", { name: "No findings" })).toBeVisible();
  await expect(page.getByText(/Drydock's own database: \d+ tables/)).toBeVisible();

  await page.getByLabel("Drydock's own live database").uncheck();
  await page.getByLabel("Database URL", { exact: true }).fill("postgresql://app:hunter2@127.0.0.1:1/nowhere");
  await page.getByRole("button", { name: "Examine" }).click();
  await expect(page.getByRole("alert")).toContainText("The database:");
  await expect(page.locator("main")).not.toContainText("hunter2");
});

test("whoever may not use the lab is told whom to ask", async ({ page, request }) => {
  const { token } = await signIn(request, VIEWER);
  await useToken(page, token);
  for (const [path, what] of [
    ["/lab", "the Deploy Lab"],
    ["/doctor", "what is wrong with deployments"],
  ] as const) {
    await page.goto(path);
    await expect(page.getByRole("heading", { name: `You may not see ${what}` })).toBeVisible();
  }
  await expect(page.getByRole("link", { name: "Deploy Lab" })).toHaveCount(0);
});
