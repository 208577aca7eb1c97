import type { Page } from "@playwright/test";
import { envelope, expect, test as base } from "./fixtures";
import { start, type Served } from "./serve";

/** The first account can be made once only, so every test has an empty platform of its own. */
const test = base.extend<{ own: Served }>({
  own: async ({}, use) => {
    const own = await start("empty");
    await use(own);
    await own.stop();
  },
  baseURL: async ({ own }, use) => {
    await use(own.url);
  },
});

const ADA = { email: "ada@example.com", password: "the engine weaves" };

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

/** By keyboard only: the first field has the focus, Enter sends. */
async function fill(page: Page, { email, password } = ADA) {
  await expect(field(page, "First name")).toBeFocused();
  for (const text of ["Ada", "Lovelace", email, password]) {
    await page.keyboard.type(text);
    if (text !== password) await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
}

test("the first account is set up by keyboard, is in at once, and can change its password", async ({ page, own }) => {
  await page.goto(`${own.url}/clients`);
  await expect(page).toHaveURL(/\/setup$/);
  await expect(page.getByRole("link", { name: /EMPTY/ })).toBeVisible();
  await expect(page.getByText("Demo accounts")).toHaveCount(0);
  await expect(field(page, "E-mail")).toHaveAttribute("autocomplete", "username");
  await expect(field(page, "Password")).toHaveAttribute("autocomplete", "new-password");
  await fill(page);
  await expect(page.getByRole("heading", { name: "There is no client account yet" })).toBeVisible();

  const account = page.getByRole("button", { name: "Account: Ada Lovelace" });
  await account.click();
  await page.getByRole("menuitem", { name: "Change password" }).click();
  const dialog = page.getByRole("dialog", { name: "Change password" });
  await expect(field(page, "Current password")).toBeFocused();
  await expect(field(page, "New password")).toHaveAttribute("autocomplete", "new-password");
  await field(page, "Current password").fill("not it");
  await field(page, "New password").fill("a loom of brass");
  await page.keyboard.press("Enter");
  await expect(field(page, "Current password")).toHaveAccessibleDescription("This is not your current password.");
  await expect(field(page, "Current password")).toBeFocused();
  await field(page, "Current password").fill(ADA.password);
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("Your password is changed.", { exact: false }).first()).toBeVisible();
  await expect(account).toBeFocused();

  await page.reload();
  await account.click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login$/);
  for (const [password, heading] of [
    [ADA.password, undefined],
    ["a loom of brass", "There is no client account yet"],
  ] as const) {
    await field(page, "E-mail").fill(ADA.email);
    await field(page, "Password").fill(password);
    await page.keyboard.press("Enter");
    if (heading === undefined) await expect(page.getByRole("alert")).toContainText("auth.invalid_credentials");
    else await expect(page.getByRole("heading", { name: heading })).toBeVisible();
  }
  await page.goto("/setup");
  await expect(page).not.toHaveURL(/setup/);
});

test("what is wrong is told at its field, what was typed stays, and a lost race leads to sign-in", async ({ page, own }) => {
  await page.goto(own.url);
  await fill(page, { email: "ada", password: "sunshine" });
  await expect(field(page, "E-mail")).toHaveAccessibleDescription(/no e-mail address/);
  await expect(field(page, "E-mail")).toBeFocused();
  await expect(field(page, "Password")).toHaveAccessibleDescription(/tried first/);
  await expect(field(page, "First name")).toHaveValue("Ada");
  await expect(field(page, "First name")).not.toHaveAttribute("aria-invalid");

  await page.getByRole("button", { name: "Show the password" }).click();
  await expect(field(page, "Password")).toHaveAttribute("type", "text");

  const answer = await page.request.post(`${own.url}/api/v1/setup`, {
    data: { email: "grace@example.com", password: "a moth in relay 70", first_name: "Grace", last_name: "" },
  });
  expect(answer.status()).toBe(200);
  await field(page, "E-mail").fill(ADA.email);
  await field(page, "Password").fill(ADA.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("setup.done");
  await page.getByRole("link", { name: "Go to sign-in" }).click();
  await expect(page).toHaveURL(/\/login$/);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("a double click makes one request, and a platform that stumbles says so", async ({ page, own }) => {
  let requests = 0;
  await page.route("**/api/v1/setup", async (route) => {
    if (route.request().method() === "GET") return route.continue();
    requests += 1;
    await new Promise((done) => setTimeout(done, 300));
    return route.fulfill(envelope(507, "platform.disk_full", "Disk full", "There is no room left.", "Make room."));
  });
  await page.goto(own.url);
  const send = page.getByRole("button", { name: "Create account and sign in" });
  await send.dblclick();
  await expect(send).toHaveAttribute("aria-busy", "true");
  await expect(page.getByRole("alert")).toContainText("platform.disk_full");
  expect(requests).toBe(1);
});

test("a reset brings the form for the first account back", async ({ page, own }) => {
  await page.goto(own.url);
  await fill(page);
  await page.getByRole("link", { name: "restore a snapshot" }).click();
  await page.getByRole("button", { name: "Reset to empty" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Reset to empty" }).click();
  await expect(page).toHaveURL(/\/setup$/);
});
