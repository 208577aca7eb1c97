import { expect, test as base, VIEWER } from "./fixtures";
import { start, type Served } from "./serve";

/** Changes the password of a seeded user, so it has a platform of its own. */
const test = base.extend<{ own: Served; profile: string }>({
  profile: ["demo", { option: true }],
  own: async ({ profile }, use) => {
    const own = await start(profile);
    await use(own);
    await own.stop();
  },
  baseURL: async ({ own }, use) => {
    await use(own.url);
  },
});

test("a demo account whose password was changed is no longer offered, and its other sessions end", async ({
  page,
  request,
  own,
}) => {
  const elsewhere = await request.post(`${own.url}/api/v1/auth/login`, { data: VIEWER });
  const { token } = (await elsewhere.json()) as { token: { access_token: string } };

  await page.goto(`${own.url}/login`);
  const personas = page.getByRole("region", { name: "Demo accounts" }).getByRole("button");
  await expect(personas.first()).toBeVisible();
  const before = await personas.count();
  expect(before).toBeGreaterThan(1);
  await page.getByRole("button", { name: /Demo Viewer/ }).click();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Change password" }).click();
  await page.getByLabel("Current password", { exact: true }).fill(VIEWER.password);
  await page.getByLabel("New password", { exact: true }).fill("a quay in the rain");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Your password is changed.", { exact: false }).first()).toBeVisible();
  const me = await request.get(`${own.url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${token.access_token}` } });
  expect(me.status()).toBe(401);
  // This one goes on.
  await page.getByRole("link", { name: "Engagements", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Engagements" })).toBeVisible();

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(personas).toHaveCount(before - 1);
  await expect(page.getByRole("button", { name: /Demo Viewer/ })).toHaveCount(0);
});

test.describe("in the profile qa", () => {
  test.use({ profile: "qa" });

  test("badge, banner and title say so, and the default users are offered", async ({ page, own }) => {
    await page.goto(`${own.url}/login`);
    await expect(page.getByRole("link", { name: /QA/ })).toBeVisible();
    await page.getByRole("button", { name: /Demo Viewer/ }).click();
    await expect(page.getByText("seeded for testing")).toBeVisible();
    await expect(page).toHaveTitle(/QA/);
  });
});
