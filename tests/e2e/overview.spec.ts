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
