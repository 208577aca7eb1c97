import { ADMIN, envelope, expect, signIn, test as base, useToken, VIEWER, type Api } from "./fixtures";
import { start, type Served } from "./serve";

/** Changes people and client accounts, so it has a platform of its own. */
const test = base.extend<{ own: Served }>({
  own: async ({}, use) => {
    const own = await start("demo");
    await use(own);
    await own.stop();
  },
  baseURL: async ({ own }, use) => {
    await use(own.url);
  },
});

const PASSWORD = "a quay in the rain";

/** Sends a request as the platform admin, beside the page. */
const put = (api: Api, path: string, data: object) =>
  api.request.put(path, { headers: { authorization: `Bearer ${api.token}` }, data });

test("somebody registers, is approved with a client account, and signs in", async ({ page, browser, own }) => {
  await page.goto("/login");
  await page.getByRole("link", { name: "Register" }).click();
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.getByLabel("Full name")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Full name")).toBeFocused();
  await page.getByLabel("Full name").fill("Ada King");
  await page.getByLabel("E-mail", { exact: true }).fill("ada@engine.example");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("What you do there").fill("Analyst of engines");
  await page.getByLabel("Why you ask").fill("I want to see what there is to move.");
  await page.getByLabel("Access you need").selectOption("read_write");
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.getByRole("heading", { name: "Your registration was received" })).toBeVisible();

  const admin = await browser.newPage({ baseURL: own.url });
  await useToken(admin, (await signIn(admin.request, ADMIN)).token);
  await admin.goto("/users");
  await admin.getByRole("link", { name: /to decide on/ }).click();
  await expect(admin).toHaveURL(/status=pending_approval/);
  await admin.getByRole("button", { name: "Approve Ada King" }).click();
  await admin.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
  // Without a client account there is nothing to see, which is said and nothing lost.
  await expect(admin.getByRole("dialog").getByRole("alert")).toContainText("at least one client account");
  await admin.getByRole("checkbox", { name: "Demo Corporation" }).check();
  await admin.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
  await expect(admin.getByText("Ada King may sign in now.").first()).toBeVisible();
  await admin.close();

  await page.getByRole("link", { name: "Go to sign-in" }).click();
  await page.getByLabel("E-mail", { exact: true }).fill("ada@engine.example");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("two people change a client account: both values are told, and nothing is lost", async ({ page, api, place }) => {
  await page.goto(`/clients/${place.client.id}/details`);
  await page.getByRole("button", { name: "Change", exact: true }).click();
  await page.getByLabel("Industry").fill("Shipbuilding");
  await page.getByLabel("Head office").fill("Trieste");
  const path = `/api/v1/admin/clients/${place.client.id}`;
  const before = (await (await api.request.get(path, { headers: { authorization: `Bearer ${api.token}` } })).json()) as {
    version: number;
  };
  expect((await put(api, path, { version: before.version, industry: "Railways" })).status()).toBe(200);
  await page.getByRole("button", { name: "Save" }).click();
  const conflict = page.getByRole("dialog", { name: /was changed meanwhile/ });
  await expect(conflict).toContainText("Shipbuilding");
  await expect(conflict).toContainText("Railways");
  // Only the field that both changed is asked about.
  await expect(conflict.getByRole("group")).toHaveCount(1);
  await conflict.getByRole("button", { name: "Save what is chosen" }).click();
  await expect(page.getByText("Shipbuilding")).toBeVisible();
  await expect(page.getByText("Trieste")).toBeVisible();
});

test("what is filled in is not lost by Esc", async ({ page, place }) => {
  await page.goto(`/clients/${place.client.id}/details`);
  await page.getByRole("button", { name: "Change", exact: true }).click();
  await page.getByLabel("Industry").fill("Shipbuilding");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("alertdialog")).toContainText("Discard what you filled in?");
  await page.getByRole("button", { name: "Cancel" }).last().click();
  await expect(page.getByLabel("Industry")).toHaveValue("Shipbuilding");
});

test("a client account is archived by typing its name, and can be brought back", async ({ page, api }) => {
  await api.clients();
  await page.goto("/clients");
  await page.getByRole("button", { name: "New client account" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Harbour & Sons");
  await page.getByRole("button", { name: "Make it" }).click();
  await expect(page.getByRole("heading", { name: "Harbour & Sons" })).toBeVisible();
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByLabel(/Type “Harbour & Sons”/).fill("Harbour");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await page.getByLabel(/Type “Harbour & Sons”/).fill("Harbour & Sons");
  await page.keyboard.press("Enter");
  const row = page.getByRole("row", { name: /Harbour & Sons/ });
  await expect(page).toHaveURL(/archived=yes/);
  await row.getByRole("button", { name: "Bring back" }).click();
  await expect(page.getByRole("heading", { name: "Nothing is archived" })).toBeVisible();
  await page.getByRole("checkbox", { name: "Archived" }).uncheck();
  await expect(row).toHaveCount(1);
});

test("an engagement is begun, and closing it shows at once and can be undone", async ({ page, place }) => {
  await page.goto(`/clients/${place.client.id}/engagements`);
  await page.getByRole("button", { name: "New engagement" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Mainframe exit");
  await page.getByLabel("Starts").fill("2026-06-30");
  await page.getByLabel("Due").fill("2026-01-05");
  await page.getByRole("button", { name: "Begin it" }).click();
  await expect(page.getByLabel("Due")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Due").fill("2026-09-30");
  await page.getByRole("button", { name: "Begin it" }).click();
  const row = page.getByRole("row", { name: /Mainframe exit/ });
  await expect(row).toContainText("Planning");
  await page.getByRole("button", { name: "What to do with Mainframe exit" }).click();
  await page.getByRole("menuitem", { name: "Close as completed" }).click();
  await expect(row).toContainText("Completed");
  await page.getByRole("button", { name: "Open it again" }).click();
  await expect(row).toContainText("Active");

  // Refused, it goes back to what it was and says why.
  await page.route("**/api/v1/admin/engagements/*/close", (route) =>
    route.fulfill(envelope(503, "platform.database_unavailable", "The database does not answer", "d", "n")),
  );
  await page.getByRole("button", { name: "What to do with Mainframe exit" }).click();
  await page.getByRole("menuitem", { name: "Close as cancelled" }).click();
  await expect(page.getByRole("alert")).toContainText("platform.database_unavailable");
  await expect(row).toContainText("Active");
});

test("access is taken at once, given back by undo, and changed with an end", async ({ page, place }) => {
  await page.goto(`/clients/${place.client.id}/members`);
  const row = page.getByRole("row", { name: /Demo Viewer/ });
  const actions = page.getByRole("button", { name: "What to do with Demo Viewer" });
  await actions.click();
  await page.getByRole("menuitem", { name: "Take access" }).click();
  await expect(row).toContainText("Revoked");
  await page.getByRole("button", { name: "Give it back" }).click();
  await expect(row).toContainText("Active");
  await actions.click();
  await page.getByRole("menuitem", { name: "Change" }).click();
  await page.getByLabel("Role").selectOption("analyst");
  await expect(page.getByLabel("Access", { exact: true })).toHaveValue("read_write");
  await page.getByLabel("Until").fill("2999-12-31");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("Analyst");
  await expect(row).toContainText("31 Dec 2999");
});

test("what a viewer may not do is not offered, and a page opened anyway says whom to ask", async ({ page, request }) => {
  const api = await signIn(request, VIEWER);
  await useToken(page, api.token);
  const client = await api.client("Demo Corporation");
  await page.goto(`/clients/${client.id}/engagements`);
  await expect(page.getByRole("row").nth(1)).toBeVisible();
  await expect(page.getByRole("button", { name: "New engagement" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: /What to do with/ })).toHaveCount(0);
  for (const name of ["Users", "Members", "Data"]) {
    await expect(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true })).toHaveCount(0);
  }
  for (const path of ["/users", `/clients/${client.id}/members`]) {
    await page.goto(path);
    await expect(page.getByRole("alert")).toContainText("permission.denied");
    await expect(page.getByRole("alert")).toContainText(ADMIN.email);
  }
});
