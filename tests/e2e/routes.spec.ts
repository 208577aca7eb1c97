import AxeBuilder from "@axe-core/playwright";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test, type Api } from "./fixtures";

const UI = join(import.meta.dirname, "../../ui/src");

/** Pages of somebody who is not signed in; look.spec.ts opens them as they are meant. */
const OUTSIDE = ["/login", "/setup", "/register", "/boot"];

interface Route {
  parent: string;
  /** Leads on to another route and shows nothing itself. */
  leads: boolean;
  path: string | undefined;
}

/** Every route that is made anywhere in the page's sources, with its whole path. */
function paths(): string[] {
  const files = ["app/roots.ts", "app/router.tsx", ...readdirSync(join(UI, "pages"), { recursive: true, encoding: "utf8" }).map((file) => `pages/${file}`)];
  const routes = new Map<string, Route>();
  let made = 0;
  for (const file of files.filter((file) => /\.tsx?$/.test(file) && !file.includes(".test."))) {
    const text = readFileSync(join(UI, file), "utf8");
    made += text.match(/= createRoute\(/g)?.length ?? 0;
    for (const [, name = "", body = ""] of text.matchAll(/const (\w+) = createRoute\(\{([\s\S]*?)\n?\s*\}\);/g)) {
      const parent = /getParentRoute: \(\) => (\w+)/.exec(body)?.[1] ?? "root";
      // A name may be used in several folders.
      routes.set(routes.has(name) ? `${file} ${name}` : name, { parent, leads: !body.includes("component:"), path: /\bpath: "([^"]*)"/.exec(body)?.[1] });
    }
  }
  expect(routes.size, "every route is read").toBe(made);
  const whole = ({ parent, path = "" }: Route): string => {
    const above = routes.get(parent);
    return `${above === undefined ? "" : whole(above)}/${path}`.replaceAll(/\/+/g, "/").replace(/(.)\/$/, "$1");
  };
  const parents = new Set([...routes.values()].map(({ parent }) => parent));
  return [...routes].filter(([name, { path, leads }]) => path !== undefined && !leads && !parents.has(name)).map(([, route]) => whole(route));
}

/** What stands for each parameter. A new one is added here with where its value comes from. */
async function values(api: Api, place: { client: { id: string }; engagement: { id: string } }): Promise<Record<string, string>> {
  const headers = { authorization: `Bearer ${api.token}`, "x-client-account-id": place.client.id, "x-engagement-id": place.engagement.id };
  const first = async (path: string, list: string) => {
    const answer = await api.request.get(path, { headers });
    if (!answer.ok()) return "";
    return ((await answer.json()) as Record<string, { id: string }[]>)[list]?.[0]?.id ?? "";
  };
  return {
    clientId: place.client.id,
    engagementId: place.engagement.id,
    assetId: await first("/api/v1/assets?limit=1", "assets"),
    userId: await first("/api/v1/auth/users?limit=1", "users"),
  };
}

async function violations(page: Page) {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.target.join(" ")) }));
}

for (const path of paths().filter((path) => !OUTSIDE.includes(path))) {
  test(`every route: ${path} has nothing axe objects to, in light and dark, and fits into 360 px`, async ({ page, api, place }) => {
    test.slow();
    // Few rows of a long list say as much as many.
    await page.setViewportSize({ width: 1280, height: 480 });
    const known = await values(api, place);
    const address = path.replaceAll(/\$(\w+)/g, (_, name: string) => {
      const value = known[name];
      if (value === undefined || value === "") throw new Error(`routes.spec.ts knows no value for $${name}`);
      return value;
    });
    await page.goto(address);
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
    await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
    // Where one is, on every page.
    await expect(page.getByRole("banner").getByRole("button", { name: `Client account: Demo Corporation` })).toBeVisible();
    await expect(page).toHaveTitle(/· DEMO — Drydock$/);
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      // What fades in has another contrast half way.
      await page.waitForTimeout(400);
      expect(await violations(page), colorScheme).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  });
}
