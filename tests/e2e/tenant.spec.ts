import { expect, signIn, test, useToken, VIEWER } from "./fixtures";

test("the client account is at the top left and in the title of every page", async ({ page, place }) => {
  for (const [path, title] of [
    [`${place.path}/overview`, "Overview"],
    [`${place.path}/assets`, "Assets"],
    [`/clients/${place.client.id}/engagements`, "Engagements"],
  ] as const) {
    await page.goto(path);
    await expect(page.getByRole("banner").getByRole("button", { name: "Client account: Demo Corporation" })).toBeVisible();
    await expect(page).toHaveTitle(`${title} · Demo Corporation · DEMO — Drydock`);
  }
});

test("the environment badge says it in words, and demo data say so", async ({ page, place }) => {
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("link", { name: "DEMO · local" })).toBeVisible();
  await expect(page.getByText("Demo data:")).toBeVisible();
  await page.reload();
  await expect(page.getByText("Demo data:")).toBeVisible();
});

test("switches by keyboard, keeps the page, and leaves nothing of the old client account", async ({ page, api, place }) => {
  const other = (await api.clients()).find((client) => client.id !== place.client.id);
  if (other === undefined) throw new Error("only one client account");
  const target = (await api.engagements(other.id))[0];

  await page.goto(`${place.path}/assets?type=server`);
  await expect(page.getByRole("gridcell").nth(1)).not.toHaveText("");
  const name = await page.getByRole("gridcell").nth(1).textContent();

  await page.keyboard.press("Control+j");
  const box = page.getByRole("combobox", { name: "Find client account" });
  await expect(box).toBeFocused();
  await box.fill(other.name.slice(0, 4).toLowerCase());
  await expect(page.getByRole("option")).toHaveCount(1);
  const began = Date.now();
  await page.keyboard.press("Enter");

  await expect(page).toHaveURL(new RegExp(`/clients/${other.id}/engagements/${target?.id ?? ""}/assets$`));
  await expect(page.getByRole("gridcell").nth(1)).not.toHaveText("");
  await expect(page.getByRole("gridcell").nth(1)).not.toHaveText(name ?? "");
  expect(Date.now() - began).toBeLessThan(1000);
  await expect(page.getByRole("button", { name: `Client account: ${other.name}` })).toBeFocused();
  await expect(page).toHaveTitle(`Assets · ${other.name} · DEMO — Drydock`);
  const text = await page.locator("body").innerText();
  expect(text).not.toContain(place.client.name);
  expect(text).not.toContain(place.engagement.name);
  expect(await page.content()).not.toContain(place.client.id);
});

test("Esc closes the switcher and gives the focus back", async ({ page, place }) => {
  await page.goto(`${place.path}/overview`);
  const button = page.getByRole("button", { name: /^Client account/ });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("combobox")).toBeFocused();
  await page.keyboard.type("no such thing");
  await expect(page.getByText("Nothing is called")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("combobox")).toHaveCount(0);
  await expect(button).toBeFocused();
});

test("switching back asks the platform again instead of showing what was kept", async ({ page, api, place }) => {
  const other = (await api.clients()).find((client) => client.id !== place.client.id);
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/api/v1/overview")) asked.push(request.headers()["x-client-account-id"] ?? "");
  });
  await page.goto(`${place.path}/overview`);
  // The switcher can choose once the list of client accounts is there, which the button's name shows.
  await expect(page.getByRole("button", { name: `Client account: ${place.client.name}` })).toBeVisible();
  for (const name of [other?.name ?? "", place.client.name]) {
    await expect(page.getByRole("table").first()).toBeVisible();
    await page.keyboard.press("Control+j");
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: `Client account: ${name}` })).toBeVisible();
  }
  await expect.poll(() => asked).toEqual([place.client.id, other?.id, place.client.id]);
});

test("switches the engagement and keeps the page", async ({ page, api, place }) => {
  const other = (await api.engagements(place.client.id))[1];
  if (other === undefined) throw new Error("only one engagement");
  await page.goto(`${place.path}/assets`);
  await page.getByRole("button", { name: /^Engagement/ }).click();
  await page.getByRole("option", { name: new RegExp(other.name) }).click();
  await expect(page).toHaveURL(new RegExp(`/engagements/${other.id}/assets$`));
  await expect(page.getByText(`${other.asset_count} assets`, { exact: true })).toBeVisible();
});

test("starts again where one was last", async ({ page, api, place }) => {
  const other = (await api.engagements(place.client.id))[1];
  await page.goto(`/clients/${place.client.id}/engagements/${other?.id ?? ""}/overview`);
  await expect(page.getByRole("button", { name: `Engagement: ${other?.name ?? ""}` })).toBeVisible();
  await expect(page.getByRole("button", { name: `Client account: ${place.client.name}` })).toBeVisible();
  await page.goto("/");
  await expect(page).toHaveURL(new RegExp(`/engagements/${other?.id ?? ""}/overview$`));
});

test("lists the engagements and the client accounts, and leads on from them", async ({ page, api, place }) => {
  await page.goto("/clients");
  for (const client of await api.clients()) {
    const row = page.getByRole("row").filter({ hasText: client.name });
    await expect(row.getByRole("cell").last()).toHaveText(String(client.asset_count));
  }
  await page.getByRole("link", { name: place.client.name }).click();
  await expect(page.getByRole("heading", { name: "Engagements" })).toBeVisible();
  const engagements = await api.engagements(place.client.id);
  for (const engagement of engagements) {
    const row = page.getByRole("row").filter({ hasText: engagement.name });
    await expect(row.getByRole("cell", { name: String(engagement.asset_count), exact: true })).toBeVisible();
  }
  await page.getByRole("link", { name: engagements[1]?.name ?? "" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("nothing of the client account one left is in any store of the page, nor comes late", async ({ page, api, place }) => {
  const other = (await api.clients()).find((client) => client.id !== place.client.id);
  if (other === undefined) throw new Error("only one client account");
  // The old overview answers only after the switch.
  let late: (() => void) | undefined;
  await page.route("**/api/v1/overview", async (route) => {
    if (route.request().headers()["x-client-account-id"] === place.client.id) {
      await new Promise<void>((done) => {
        late = done;
      });
    }
    await route.continue().catch(() => undefined);
  });
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("button", { name: `Client account: ${place.client.name}` })).toBeVisible();
  await expect.poll(() => late !== undefined).toBe(true);
  await page.keyboard.press("Control+j");
  await page.keyboard.type(other.name);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
  const shown = await page.getByRole("main").innerText();
  late?.();
  await page.waitForTimeout(300);
  expect(await page.getByRole("main").innerText()).toBe(shown);

  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.title]));
  expect(kept).not.toContain(place.client.id);
  expect(kept).not.toContain(place.client.name);
  expect(kept).toContain(other.id);
  await page.reload();
  await expect(page.getByRole("button", { name: `Client account: ${other.name}` })).toBeVisible();
});

test("two tabs stay where each of them is", async ({ page, context, api, place }) => {
  const other = (await api.clients()).find((client) => client.id !== place.client.id);
  if (other === undefined) throw new Error("only one client account");
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("button", { name: `Client account: ${place.client.name}` })).toBeVisible();

  const second = await context.newPage();
  await useToken(second, api.token);
  await second.goto(`/clients/${other.id}/engagements`);
  await expect(second.getByRole("button", { name: `Client account: ${other.name}` })).toBeVisible();

  // A page that names no client account in its address is where this tab was, not where the other one is.
  await page.getByRole("link", { name: "Client accounts", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Client accounts" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: `Client account: ${place.client.name}` })).toBeVisible();
});

test("a choice that is overtaken by another one changes nothing any more", async ({ page, api, place }) => {
  const [first, second] = (await api.clients()).filter((client) => client.id !== place.client.id);
  if (first === undefined || second === undefined) throw new Error("fewer than three client accounts");
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("button", { name: `Client account: ${place.client.name}` })).toBeVisible();
  await page.route(`**/api/v1/context/clients/${first.id}/engagements`, async (route) => {
    await new Promise((done) => setTimeout(done, 600));
    await route.continue().catch(() => undefined);
  });
  for (const { name } of [first, second]) {
    await page.keyboard.press("Control+j");
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
  }
  await expect(page.getByRole("button", { name: `Client account: ${second.name}` })).toBeVisible();
  await page.waitForTimeout(900);
  await expect(page.getByRole("button", { name: `Client account: ${second.name}` })).toBeVisible();
});

test("a deep link into a foreign client account is not found and shows a way out", async ({ page, request, place }) => {
  const viewer = await signIn(request, VIEWER);
  const mine = (await viewer.clients()).map((client) => client.id);
  const admin = await signIn(request);
  const foreign = (await admin.clients()).find((client) => !mine.includes(client.id));
  if (foreign === undefined) throw new Error("the viewer may see every client account");
  const engagement = (await admin.engagements(foreign.id))[0];
  expect(place.client.id).not.toBe(foreign.id);
  await page.addInitScript((token) => sessionStorage.setItem("drydock.token", token), viewer.token);
  await page.goto(`/clients/${foreign.id}/engagements/${engagement?.id ?? ""}/overview`);
  await expect(page.getByRole("alert")).toContainText("client_account.not_found");
  expect(await page.content()).not.toContain(foreign.name);
  await page.getByRole("link", { name: "All client accounts" }).click();
  await expect(page.getByRole("heading", { name: "Client accounts" })).toBeVisible();
});
