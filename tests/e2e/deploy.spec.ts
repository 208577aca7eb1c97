import { expect, signIn, test, useToken, VIEWER } from "./fixtures";

test("a connection URL is read live for each consumer, and its password is not on the page", async ({ page, api }) => {
  expect(api.token).not.toBe("");
  await page.goto("/connection-url");
  await expect(page.getByRole("heading", { name: "Type or paste a URL" })).toBeVisible();
  await page.getByLabel("DATABASE_URL", { exact: true }).fill("postgres://app:s3cr@t#x@db.example.com/app?sslmode=require");
  await expect(page.getByText("User or password holds")).toBeVisible();
  await expect(page.getByText("Can't load plugin: sqlalchemy.dialects:postgres").first()).toBeVisible();
  await expect(page.getByText("postgresql+asyncpg://app:***@db.example.com/app?ssl=require")).toBeVisible();
  expect(await page.getByRole("main").innerText()).not.toContain("s3cr");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy the form for sqlx, with its password" }).click();
  await expect(page.getByText("Copied for sqlx, with its password.", { exact: true })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("postgres://app:s3cr%40t%23x@db.example.com/app?sslmode=require");
});

test("an environment is tried by each rule, and the consoles say why a page gets nothing", async ({ page, api }) => {
  expect(api.token).not.toBe("");
  await page.goto("/environment");
  await page.getByRole("button", { name: "Railway", exact: true }).click();
  await expect(page.getByText(/RAILWAY_ENVIRONMENT_NAME is set, so this is a deployment/)).toBeVisible();
  const original = page.getByRole("region", { name: "The original: one variable", exact: true });
  await expect(original.getByRole("row").filter({ hasText: "Create, signed in" })).toContainText("400 Disallowed CORS origin");
  await original.getByText("Consoles").first().click();
  await expect(original.getByText(/has been blocked by CORS policy/).first()).toBeVisible();

  await page.getByLabel("Variables", { exact: true }).fill("APP_ENV=production\nALLOWED_ORIGINS=https://aiforce-assess.vercel.app");
  const ours = page.getByRole("region", { name: "Drydock: what is said counts", exact: true });
  await expect(ours.getByText("Concludes production.")).toBeVisible();
  await expect(ours.getByRole("row").filter({ hasText: "The server fails (500)" })).toContainText("Gets the answer");
  await page.getByLabel("The page that calls").fill("https://aiforce-assess.vercel.app/");
  await expect(page.getByText(/it ends with a slash/)).toBeVisible();
});

test("whoever may not use them is told whom to ask", async ({ page, request }) => {
  const { token } = await signIn(request, VIEWER);
  await useToken(page, token);
  await page.goto("/connection-url");
  await expect(page.getByRole("heading", { name: "You may not see connection URLs" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Connection URL" })).toHaveCount(0);
});
