import { ADMIN, expect, signIn, test, VIEWER } from "./fixtures";

test("signs in by keyboard only", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/login$/);
  await expect(page.getByLabel("E-mail")).toBeFocused();
  await page.keyboard.type(ADMIN.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(ADMIN.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("works with password managers and paste", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/login");
  const email = page.getByLabel("E-mail");
  const password = page.getByLabel("Password", { exact: true });
  await expect(email).toHaveAttribute("autocomplete", "username");
  await expect(password).toHaveAttribute("autocomplete", "current-password");
  await expect(password).toHaveAttribute("type", "password");
  await page.evaluate(() => navigator.clipboard.writeText("pasted words"));
  await password.focus();
  await page.keyboard.press("Control+v");
  await expect(password).toHaveValue("pasted words");
  await page.getByRole("button", { name: "Show the password" }).click();
  await expect(password).toHaveAttribute("type", "text");
});

test("a wrong password and an unknown user get the same text, with its code", async ({ page }) => {
  const texts: string[] = [];
  for (const email of [ADMIN.email, "nobody@nowhere.test"]) {
    await page.goto("/login");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.keyboard.press("Enter");
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("auth.invalid_credentials");
    texts.push((await alert.textContent()) ?? "");
    await expect(page.getByLabel("E-mail")).toHaveValue(email);
  }
  expect(texts[0]).toBe(texts[1]);
});

test("empty fields are marked where they are", async ({ page }) => {
  await page.goto("/login");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("request.invalid");
  await expect(page.getByLabel("E-mail")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("E-mail")).toHaveAccessibleDescription(/\S/);
});

test("a double click sends one request, and the button keeps its label", async ({ page }) => {
  let requests = 0;
  await page.route("**/api/v1/auth/login", async (route) => {
    requests += 1;
    await new Promise((done) => setTimeout(done, 300));
    await route.continue();
  });
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  const submit = page.getByRole("button", { name: "Sign in", exact: true });
  await submit.dblclick();
  await expect(submit).toHaveAttribute("aria-busy", "true");
  await expect(submit).toHaveText("Sign in");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  expect(requests).toBe(1);
});

test("a demo persona signs in with one click and shows role and client accounts", async ({ page }) => {
  await page.goto("/login");
  const persona = page.getByRole("button", { name: /Demo Viewer/ });
  await expect(persona).toContainText("Viewer");
  await expect(persona).toContainText("Demo Corporation");
  await persona.click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.getByRole("button", { name: /^Account/ }).click();
  await expect(page.getByText(VIEWER.email)).toBeVisible();
});

test("without the demo profile there are no personas", async ({ page }) => {
  await page.route("**/api/v1/demo/accounts", (route) => route.fulfill({ status: 404, json: { code: "request.not_found" } }));
  await page.goto("/login");
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
  await expect(page.getByText("Demo accounts")).toHaveCount(0);
});

test("lands on the page first asked for, filters and all", async ({ page, request }) => {
  const api = await signIn(request);
  const client = await api.client("Demo Corporation");
  const engagement = (await api.engagements(client.id))[0];
  const path = `/clients/${client.id}/engagements/${engagement?.id ?? ""}/assets?type=server`;
  await page.goto(path);
  await expect(page).toHaveURL(/\/login\?redirect=/);
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Assets" })).toBeVisible();
  expect(page.url().endsWith(path)).toBe(true);
});

test("never follows a way back that leads elsewhere", async ({ page }) => {
  for (const target of ["//example.org/", "https://example.org/", "/\\example.org"]) {
    await page.goto(`/login?redirect=${encodeURIComponent(target)}`);
    await page.evaluate(() => sessionStorage.clear());
    await page.getByRole("button", { name: /Demo Viewer/ }).click();
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
    expect(new URL(page.url()).hostname).toBe("127.0.0.1");
    await page.evaluate(() => sessionStorage.clear());
  }
});

test("signing out ends the session here and on the platform", async ({ page, request }) => {
  await page.goto("/login");
  await page.getByRole("button", { name: /Demo Viewer/ }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  const token = await page.evaluate(() => sessionStorage.getItem("drydock.token"));
  const me = () => request.get("/api/v1/auth/me", { headers: { authorization: `Bearer ${token ?? ""}` } });
  expect((await me()).status()).toBe(200);

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login$/);
  expect((await me()).status()).toBe(401);
  expect(await page.evaluate(() => sessionStorage.getItem("drydock.token"))).toBeNull();
  await page.goBack();
  await expect(page).toHaveURL(/\/login/);
});

test("a session that ends asks for the password where one is, and goes on from there", async ({ page, api, place }) => {
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  // What the page still asks for would bring the dialog up before the click.
  await page.waitForLoadState("networkidle");
  await api.request.post("/api/v1/auth/logout", { headers: { authorization: `Bearer ${api.token}` } });
  await page.getByRole("link", { name: "Assets", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL(new RegExp(`${place.path}/assets`));
  await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
});
