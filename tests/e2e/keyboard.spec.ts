import { expect, test } from "./fixtures";

test("three journeys by the palette alone", async ({ page, api, place }) => {
  const other = (await api.clients()).find((client) => client.id !== place.client.id);
  if (other === undefined) throw new Error("only one client account");
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
  const box = page.getByRole("combobox", { name: "Find a page or an action" });

  // To a page.
  await page.keyboard.press("Control+k");
  await expect(box).toBeFocused();
  await page.keyboard.type("assets");
  await expect(page.getByRole("option").first()).toContainText("Assets");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${place.path}/assets`);

  // To another client account.
  await page.keyboard.press("Control+k");
  await page.keyboard.type(`tenant ${other.name.slice(0, 5)}`);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: `Client account: ${other.name}` })).toBeVisible();
  await expect(page).toHaveURL(/\/assets$/);

  // To an action, whose keys it shows.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("shortcuts");
  await expect(page.getByRole("option").first()).toContainText("?");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the palette closes by its own keys and gives the focus back", async ({ page, place }) => {
  await page.goto(`${place.path}/overview`);
  const find = page.getByRole("button", { name: /^Find/ });
  await find.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("combobox")).toBeFocused();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox")).toHaveCount(0);
  await expect(find).toBeFocused();
});

test("letters go to pages, but not while one types", async ({ page, place }) => {
  await page.goto(`${place.path}/assets`);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  await page.getByRole("searchbox", { name: "Search assets" }).fill("");
  await page.keyboard.type("go");
  await expect(page.getByRole("searchbox", { name: "Search assets" })).toHaveValue("go");
  await expect(page).toHaveURL(/\/assets/);
  await page.getByRole("heading", { name: "Assets", exact: true }).click();
  await page.keyboard.type("go");
  await expect(page).toHaveURL(/\/overview$/);
  await page.keyboard.type("gc");
  await expect(page).toHaveURL(/\/clients$/);
});

test("the focus is drawn as an outline wherever Tab goes", async ({ page, place }) => {
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
  const seen = new Set<string>();
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    const [name, drawn] = await page.evaluate(() => {
      const focused = document.activeElement;
      if (focused === null || focused === document.body) return ["", true] as const;
      // A link that covers its row draws the outline around the row.
      const outlines = [getComputedStyle(focused), getComputedStyle(focused, "::after")].map(
        (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
      );
      return [`${focused.tagName} ${focused.textContent.slice(0, 40)}`, outlines.includes(true)] as const;
    });
    if (name === "" || seen.has(`${presses} ${name}`)) break;
    seen.add(name);
    expect(drawn, name).toBe(true);
  }
  expect(seen.size).toBeGreaterThan(30);
});

test("who wants less motion gets none", async ({ page, place }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.route("**/api/v1/overview", (route) => new Promise<void>((done) => setTimeout(() => done(route.continue()), 2000)));
  await page.goto(`${place.path}/overview`);
  await expect(page.locator(".total .skeleton").first()).toHaveCSS("animation-duration", "1e-05s");
});

test("at 200 % nothing is lost", async ({ page, place }) => {
  // Zoom halves the room in CSS pixels.
  await page.setViewportSize({ width: 640, height: 400 });
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
  for (const name of ["Overview", "Assets", "Engagements"]) await expect(page.getByRole("link", { name, exact: true })).toBeVisible();
  await page.getByRole("table", { name: "Latest imports and flows" }).scrollIntoViewIfNeeded();
  await expect(page.getByRole("table", { name: "Latest imports and flows" })).toBeInViewport();
});
