import { ADMIN, expect, signIn, test } from "./fixtures";

test("a session that ends asks for the password in place, and the form behind keeps its content and is sent", async ({
  page,
  request,
  api,
}) => {
  await page.goto("/account");
  const organisation = page.getByLabel("Organisation");
  await organisation.fill("Harbour Works");
  await page.getByLabel("Telephone").fill("+49 40 123456");
  const ended = await request.post("/api/v1/auth/logout", { headers: { authorization: `Bearer ${api.token}` } });
  expect(ended.status()).toBe(204);

  await page.getByRole("button", { name: "Save profile" }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeVisible();
  const password = dialog.getByLabel("Password", { exact: true });
  await expect(password).toBeFocused();
  await password.fill("wrong");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("auth.invalid_credentials");
  await password.fill(ADMIN.password);
  await page.keyboard.press("Enter");

  await expect(dialog).toBeHidden();
  await expect(organisation).toHaveValue("Harbour Works");
  // What was under way goes through, without a second click.
  await expect(page.getByText("Your profile is saved.").first()).toBeVisible();
  await page.reload();
  await expect(organisation).toHaveValue("Harbour Works");
});

test("whoever gives up goes to sign-in, which remembers the way back", async ({ page, request, api }) => {
  await page.goto("/account");
  await expect(page.getByLabel("First name")).toBeVisible();
  await request.post("/api/v1/auth/logout", { headers: { authorization: `Bearer ${api.token}` } });
  await page.getByRole("link", { name: "Client accounts", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login/);
});

test("one sees where one is signed in, and ends one session alone", async ({ page, request, api }) => {
  const other = await signIn(request);
  await page.goto("/account");
  const table = page.getByRole("table", { name: "Sessions" });
  await expect(table.getByText("This session")).toHaveCount(1);
  const status = async (token: string) =>
    (await request.get("/api/v1/auth/me", { headers: { authorization: `Bearer ${token}` } })).status();
  const before = await table.getByRole("button", { name: /^Sign out/ }).count();
  expect(before).toBeGreaterThan(0);
  const listed = (await (
    await request.get("/api/v1/auth/sessions", { headers: { authorization: `Bearer ${other.token}` } })
  ).json()) as { sessions: { id: string }[] };
  const ended = await request.delete(`/api/v1/auth/sessions/${listed.sessions[0]?.id ?? ""}`, {
    headers: { authorization: `Bearer ${api.token}` },
  });
  expect(ended.status()).toBe(204);
  expect([await status(other.token), await status(api.token)]).toEqual([401, 200]);
});

test("too many wrong passwords: the page says how long the next attempt has to wait", async ({ page }) => {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill("often@nowhere.test");
  const alert = page.getByRole("alert");
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await page.getByLabel("Password", { exact: true }).fill(`wrong ${attempt}`);
    const answered = page.waitForResponse("**/api/v1/auth/login");
    await page.keyboard.press("Enter");
    await answered;
  }
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(alert).toContainText("auth.throttled");
  await expect(alert).toContainText(/looked at in \d+ s/);
});
