import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const FOLDER = join(import.meta.dirname, "../../docs/screenshots");

type Open = (page: Page, place: { path: string; client: { id: string } }) => Promise<void>;

const heading = (page: Page, name: string | RegExp) => expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();

/** Every view, and how one gets to it. `npm run screenshots` draws them all into docs/screenshots, light and dark. */
const VIEWS: Record<string, Open> = {
  overview: async (page, place) => {
    await page.goto(`${place.path}/overview`);
    await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
  },
  "all-accounts": async (page) => {
    await page.goto("/overview");
    await expect(page.getByRole("row").nth(2)).toBeVisible();
  },
  assets: async (page, place) => {
    await page.goto(`${place.path}/assets`);
    await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  },
  engagements: async (page, place) => {
    await page.goto(`/clients/${place.client.id}/engagements`);
    await expect(page.getByRole("row").nth(2)).toBeVisible();
  },
  "client-accounts": async (page) => {
    await page.goto("/clients");
    await expect(page.getByRole("row").nth(3)).toBeVisible();
  },
  "client-account": async (page, place) => {
    await page.goto(`/clients/${place.client.id}/details`);
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
  },
  members: async (page, place) => {
    await page.goto(`/clients/${place.client.id}/members`);
    await expect(page.getByRole("row").nth(2)).toBeVisible();
  },
  users: async (page) => {
    await page.goto("/users");
    await expect(page.getByRole("row").nth(2)).toBeVisible();
  },
  audit: async (page) => {
    await page.goto("/audit");
    await expect(page.getByRole("row").nth(1)).toBeVisible();
  },
  "my-account": async (page) => {
    await page.goto("/account");
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
  },
  roles: async (page) => {
    await page.goto("/roles");
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
  },
  "connection-url": async (page) => {
    await page.goto("/connection-url");
    await page.getByLabel("DATABASE_URL", { exact: true }).fill("postgres://app:p@ss@db.example.com/app?sslmode=require");
    await expect(page.getByRole("heading", { name: "sqlx" })).toBeVisible();
  },
  environment: async (page) => {
    await page.goto("/environment");
    await page.getByRole("button", { name: "Railway", exact: true }).click();
    await expect(page.getByText(/so this is a deployment/)).toBeVisible();
  },
  data: async (page) => {
    await page.goto("/data");
    await heading(page, "Data");
  },
  monitoring: async (page) => {
    await page.goto("/monitoring");
    await expect(page.getByRole("table", { name: "Vectors" }).getByRole("row").nth(1)).toBeVisible();
  },
  lab: async (page) => {
    await page.goto("/lab?scenario=rls-not-enforced");
    await expect(page.getByRole("button", { name: "Play it" })).toBeVisible();
  },
  replay: async (page) => {
    await page.goto("/replay");
    await expect(page.getByRole("list", { name: "The night" }).getByRole("listitem").nth(3)).toBeVisible();
  },
  doctor: async (page) => {
    await page.goto("/doctor");
    await page.getByRole("button", { name: "Examine" }).click();
    await expect(page.getByRole("heading", { name: "No findings" })).toBeVisible();
  },
  palette: async (page, place) => {
    await page.goto(`${place.path}/overview`);
    await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("option").first()).toBeVisible();
  },
  shortcuts: async (page, place) => {
    await page.goto(`${place.path}/overview`);
    await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  outage: async (page, place) => {
    await page.goto(`${place.path}/overview`);
    await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
    await page.route(/\/(api\/v1|readyz)/, (route) => route.abort());
    await page.getByRole("link", { name: "All accounts" }).click();
    await expect(page.getByRole("main").getByRole("alert")).toBeVisible();
  },
};

for (const [name, open] of Object.entries(VIEWS)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${name}, ${colorScheme}`, async ({ page, place }) => {
      await page.emulateMedia({ colorScheme });
      await open(page, place);
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`) });
    });
  }
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`register, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto("/register");
    await expect(page.getByRole("heading").first()).toBeVisible();
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(FOLDER, `register-${colorScheme}.png`) });
  });

  test(`login, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto("/login");
    await expect(page.getByRole("heading", { name: "Demo accounts" })).toBeVisible();
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(FOLDER, `login-${colorScheme}.png`) });
  });
}
