import { expect, signIn, test, useToken, VIEWER } from "./fixtures";

test("monitoring shows what the rows say, and each figure of sign-ins opens the log", async ({ page, api }) => {
  await api.request.post("/api/v1/auth/login", { data: { email: "monitored@nowhere.test", password: "wrong" } });
  await page.goto("/monitoring");
  await expect(page).toHaveTitle(/Monitoring/);
  const headers = { authorization: `Bearer ${api.token}` };
  const boots = (await (await api.request.get("/api/v1/monitoring/boots", { headers })).json()) as { boots: { stages: unknown[] }[] };
  const table = page.getByRole("table", { name: "Boots", exact: true });
  await expect(table.getByRole("row")).toHaveCount(boots.boots.length + 1);

  await table.getByRole("row").nth(1).getByRole("button").click();
  await expect(page).toHaveURL(/boot=/);
  const opened = page.getByRole("article", { name: "The opened boot" });
  await expect(opened.getByRole("listitem")).toHaveCount(boots.boots[0]?.stages.length ?? 0);
  await expect(opened.getByText("Start PostgreSQL")).toBeVisible();
  await page.reload();
  await expect(opened.getByText("Apply migrations")).toBeVisible();

  await expect(page.getByRole("table", { name: "Migrations" }).getByText("Applied", { exact: true }).first()).toBeVisible();
  await expect(page.getByRole("table", { name: "Vectors" }).getByText("asset_embeddings.embedding")).toBeVisible();
  await page.getByRole("link", { name: /: Unknown address, in the security log$/ }).click();
  await expect(page).toHaveURL(/\/audit\?event=sign_in\.failed&q=unknown_address/);
  await expect(page.getByRole("table", { name: "Security log" }).getByRole("button", { name: "Sign-in failed" }).first()).toBeVisible();
});

test("a foreign origin that the door turned away is counted by its name", async ({ page, api }) => {
  const refused = await api.request.get("/livez", { headers: { origin: "https://app.elsewhere.test" } });
  expect(refused.status()).toBe(403);
  await page.goto("/monitoring");
  const row = page.getByRole("table", { name: "Turned away" }).getByRole("row", { name: /app\.elsewhere\.test/ });
  await expect(row).toContainText("CORS: origin not allowed");
});

test("whoever may not see it is told whom to ask", async ({ page, request }) => {
  const { token } = await signIn(request, VIEWER);
  await useToken(page, token);
  await page.goto("/monitoring");
  await expect(page.getByRole("heading", { name: "You may not see how the platform does" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Monitoring" })).toHaveCount(0);
});
