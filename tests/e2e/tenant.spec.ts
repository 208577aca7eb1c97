import { expect, test } from "./fixtures";

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
  await expect(page.getByRole("gridcell").first()).not.toHaveText("");
  const name = await page.getByRole("gridcell").first().textContent();

  await page.keyboard.press("Control+j");
  const box = page.getByRole("combobox", { name: "Find client account" });
  await expect(box).toBeFocused();
  await box.fill(other.name.slice(0, 4).toLowerCase());
  await expect(page.getByRole("option")).toHaveCount(1);
  const began = Date.now();
  await page.keyboard.press("Enter");

  await expect(page).toHaveURL(new RegExp(`/clients/${other.id}/engagements/${target?.id ?? ""}/assets$`));
  await expect(page.getByRole("gridcell").first()).not.toHaveText("");
  await expect(page.getByRole("gridcell").first()).not.toHaveText(name ?? "");
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
    await expect(row.getByRole("cell").last()).toHaveText(String(engagement.asset_count));
  }
  await page.getByRole("link", { name: engagements[1]?.name ?? "" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});
