import { expect, test } from "./fixtures";

test("every figure leads to the list that proves it", async ({ page, api, place }) => {
  const overview = await api.overview(place.client.id, place.engagement.id);
  const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  await page.goto(`${place.path}/overview`);
  await page.getByRole("definition").first().getByRole("link").click();
  await expect(page.getByText(counted(overview.totals.assets, "asset"), { exact: true })).toBeVisible();

  for (const [title, counts] of [
    ["Type", overview.by_type],
    ["Environment", overview.by_environment],
    ["Criticality", overview.by_criticality],
    ["Status", overview.by_status],
  ] as const) {
    expect(counts.length).toBeGreaterThan(0);
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(overview.totals.assets);
    for (const [index, { count }] of counts.entries()) {
      await page.goBack();
      const link = page.getByRole("table", { name: title }).getByRole("link").nth(index);
      await expect(link).toHaveText(String(count));
      await link.click();
      await expect(page.getByText(counted(count, "matching asset"), { exact: true })).toBeVisible();
      await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", String(count + 1));
    }
  }
});

test("decisions, waves, systems and costs lead to their lists too", async ({ page, place }) => {
  test.slow();
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
  const opens = async (link: ReturnType<typeof page.getByRole>, count: string) => {
    await link.click();
    await expect(page.getByText(new RegExp(`^${count} matching assets?$`))).toBeVisible();
    await page.goBack();
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  };
  for (const title of ["6R decision", "Wave", "Operating system", "Support has ended", "Support ends within a year", "Readiness"]) {
    const links = page.getByRole("table", { name: title }).getByRole("link");
    if ((await links.count()) === 0) continue;
    for (const link of [links.first(), links.last()]) await opens(link, (await link.textContent()) ?? "");
  }
  const second = page.locator(".totals-five .total");
  await expect(second).toHaveCount(5);
  for (const name of ["Past support", "With a 6R decision", "Ready to assess"]) {
    const total = second.filter({ hasText: name });
    await opens(total.getByRole("link"), (await total.locator(".total-figure").textContent()) ?? "");
  }
  for (const name of ["Cost now", "Estimated in the cloud"]) {
    const total = second.filter({ hasText: name });
    const assets = /of (\d+) assets/.exec((await total.locator(".total-of").textContent()) ?? "")?.[1] ?? "";
    await opens(total.getByRole("link"), assets);
  }
});

test("the figures across client accounts are the sums of what each one holds", async ({ page, api }) => {
  const clients = await api.clients();
  await page.goto("/overview");
  for (const client of clients) {
    const row = page.getByRole("row").filter({ hasText: client.name });
    const engagements = await api.engagements(client.id);
    const assets = engagements.reduce((sum, engagement) => sum + engagement.asset_count, 0);
    await expect(row.getByRole("link", { name: `${assets}, by engagement of ${client.name}` })).toBeVisible();
  }
  const figures = page.getByRole("definition");
  await expect(figures.nth(0)).toHaveText(String(clients.length));
  await expect(figures.nth(2)).toHaveText(clients.reduce((sum, client) => sum + client.asset_count, 0).toLocaleString("en"));
  await page.getByRole("link", { name: new RegExp(`by engagement of ${clients[0]?.name ?? ""}`) }).last().click();
  await expect(page.getByRole("heading", { name: "Engagements" })).toBeVisible();
});

test("the address is the state: back, forward, reload", async ({ page, place }) => {
  await page.goto(`${place.path}/overview`);
  await page.getByRole("table", { name: "Type" }).getByRole("link").first().click();
  await expect(page).toHaveURL(/\/assets\?type=/);
  const filtered = page.url();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.goForward();
  await expect(page).toHaveURL(filtered);
  await page.reload();
  await expect(page.getByRole("list", { name: "Filters" })).toBeVisible();
});

test("the theme one chose is kept over a reload", async ({ page, place }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(`${place.path}/overview`);
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await page.getByRole("button", { name: /^Theme/ }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect.poll(paper).not.toBe(light);
  const dark = await paper();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  expect(await paper()).toBe(dark);
});
