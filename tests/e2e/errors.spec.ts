import { envelope, expect, test } from "./fixtures";

const CASES = [
  [403, "permission.denied", "You may not see this", "Your role has no right to it.", "Ask for the right."],
  [404, "engagement.not_found", "No such engagement", "It is not in this client account.", "Choose another one."],
  [503, "platform.not_ready", "The platform is not ready", "A gate is red.", "Wait, then try again."],
] as const;

for (const [status, code, title, detail, next] of CASES) {
  test(`a ${status} shows its own text, code and next step`, async ({ page, place }) => {
    await page.route("**/api/v1/overview", (route) => route.fulfill(envelope(status, code, title, detail, next)));
    await page.goto(`${place.path}/overview`);
    const alert = page.getByRole("alert");
    for (const text of [title, detail, next, code, "e2e-request"]) await expect(alert).toContainText(text);
    await page.unroute("**/api/v1/overview");
    // An outage is asked about until it is over.
    if (status !== 503) await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible({ timeout: 20_000 });
  });
}

test("a 401 goes to the login page and remembers the way back", async ({ page, place }) => {
  // Nobody is known to be signed in, as after a reload with an old token.
  await page.route(/\/api\/v1\/(overview|auth\/me|context)/, (route) =>
    route.fulfill(envelope(401, "auth.session_expired", "Expired", "The session is over.", "Sign in again.")),
  );
  await page.goto(`${place.path}/overview`);
  await expect(page).toHaveURL(new RegExp(`/login\\?redirect=${encodeURIComponent(`${place.path}/overview`)}`));
});

test("a lost connection has its own text", async ({ page, place }) => {
  await page.route("**/api/v1/overview", (route) => route.abort());
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("alert")).toContainText("Drydock does not answer");
  await expect(page.getByRole("alert")).toContainText("ui.connection_lost");
});

test("an answer without an envelope is told as such", async ({ page, place }) => {
  await page.route("**/api/v1/overview", (route) => route.fulfill({ status: 502, body: "<html>proxy</html>" }));
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("alert")).toContainText("ui.answer_unreadable");
});

test("a foreign client account is not found, and the switcher names none", async ({ page, place }) => {
  await page.goto(`/clients/99999999-9999-4999-8999-999999999999/engagements/${place.engagement.id}/overview`);
  await expect(page.getByRole("alert")).toContainText("client_account.not_found");
  await expect(page.getByRole("button", { name: "Client account: Choose a client account" })).toBeVisible();
});

test("an address that is not an id is refused politely", async ({ page, api }) => {
  expect(api.token).not.toBe("");
  await page.goto("/clients/nonsense/engagements/nonsense/assets");
  await expect(page.getByRole("alert")).toContainText("Next step:");
});

test("an unknown address has a page of its own", async ({ page, api }) => {
  expect(api.token).not.toBe("");
  await page.goto("/no/such/page");
  await expect(page.getByRole("heading", { name: "There is no page at this address" })).toBeVisible();
  await page.getByRole("link", { name: "Go to the start page" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test.describe("a page that breaks", () => {
  test.use({ expectedErrors: /./ });

  test("has a page of its own, with a code, a report and a way on", async ({ page, place }) => {
    await page.route("**/api/v1/overview", (route) => route.fulfill({ json: { engagement: {}, totals: null } }));
    await page.goto(`${place.path}/overview`);
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("This page stopped working");
    await expect(alert).toContainText("ui.unexpected");
    await expect(page.getByRole("button", { name: "Copy report" })).toBeVisible();
    await expect(page.getByRole("button", { name: /^Client account/ })).toBeVisible();
    await page.unroute("**/api/v1/overview");
    await page.getByRole("link", { name: "Engagements", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Engagements" })).toBeVisible();
  });
});

test("the report of an error holds no secrets", async ({ page, context, place, api }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.route("**/api/v1/overview", (route) => route.fulfill(envelope(503, "platform.not_ready", "Not ready", "d", "n")));
  await page.goto(`${place.path}/overview`);
  await page.getByRole("button", { name: "Copy report" }).click();
  await expect(page.getByText("Copied to the clipboard.")).toBeVisible();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toContain("platform.not_ready");
  expect(report).toContain("e2e-request");
  expect(report).not.toContain(api.token);
});
