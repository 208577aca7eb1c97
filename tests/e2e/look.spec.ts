import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { envelope, expect, test } from "./fixtures";

const SNAPSHOT = {
  id: "00000000-0000-4000-8000-000000000001",
  name: "Before the import of the second wave of servers",
  note: "Made by hand; two engagements are still open and the owner is wrong in forty rows.",
  created_at: "2026-10-04T12:03:00Z",
  app_version: "0.1.0",
  postgres_version: "16.4",
  schema_digest: "705d7061".repeat(8),
  database_bytes: 480_000_000,
  file_bytes: 61_000_000,
};

const DAMAGED = {
  code: "snapshot.damaged",
  what: "The snapshot is not as it was written.",
  cause: "Its checksum does not match.",
  next_step: "Import the file again.",
};

const TASK = {
  id: "00000000-0000-4000-8000-000000000002",
  kind: "snapshot_restore",
  state: "running",
  step: "Restoring the rows",
  done_bytes: 123_000_000,
  total_bytes: 480_000_000,
  elapsed_ms: 2400,
};

/** Answers the page about reset and snapshots; nothing is reset and no snapshot made. */
async function openData(page: Page, more: { task?: object; undo?: object; snapshots?: object[] }) {
  const { task = null, undo = null, snapshots = [SNAPSHOT] } = more;
  const damaged = snapshots.length === 0 ? [] : [{ file: `${SNAPSHOT.id}.drydock`, problem: DAMAGED }];
  await page.route(/\/api\/v1\/maintenance(\?|$)/, async (route) => {
    if (route.request().url().includes("after=")) return;
    await route.fulfill({ json: { revision: 1, task, undo, spare_ready: true } });
  });
  await page.route("**/api/v1/snapshots", (route) => route.fulfill({ json: { snapshots, damaged } }));
  await page.goto("/data");
  await expect(page.getByRole("table", { name: "Snapshots" })).toBeVisible();
}

type Place = { path: string; client: { id: string } };

/** Every page and every state worth a look of its own; each function leaves the page ready to be looked at. */
const PAGES: Record<string, (page: Page, place: Place) => Promise<void>> = {
  overview: async (page, place) => {
    await page.goto(`${place.path}/overview`);
    await expect(page.getByRole("table", { name: "Status" }).getByRole("link").first()).toBeVisible();
  },
  assets: async (page, place) => {
    await page.goto(`${place.path}/assets?environment=production`);
    await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  },
  "no match": async (page, place) => {
    await page.goto(`${place.path}/assets?q=no-such-asset`);
    await expect(page.getByRole("heading", { name: "No asset matches" })).toBeVisible();
  },
  "filter menu": async (page, place) => {
    await page.goto(`${place.path}/assets`);
    await page.getByRole("button", { name: "Type", exact: true }).click();
    await expect(page.getByRole("checkbox", { name: /^Server/ })).toBeVisible();
  },
  "more filters": async (page, place) => {
    await page.goto(`${place.path}/assets?memory_gb=4..64`);
    await page.getByRole("button", { name: "More filters" }).click();
    await page.getByLabel("Column", { exact: true }).selectOption("memory_gb");
    await expect(page.getByLabel("From")).toHaveValue("4");
  },
  columns: async (page, place) => {
    await page.goto(`${place.path}/assets`);
    await page.getByRole("button", { name: "Columns" }).click();
    await expect(page.getByRole("list", { name: "Shown columns" })).toBeVisible();
  },
  "selected assets": async (page, place) => {
    await page.goto(`${place.path}/assets?sort=-memory_gb`);
    await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
    await page.getByRole("columnheader", { name: "Selection of all rows" }).click();
    await expect(page.getByRole("region", { name: "Selection" })).toBeVisible();
  },
  asset: async (page, place) => {
    await page.goto(`${place.path}/assets?type=server`);
    await expect(page.locator('[role=row][aria-rowindex="2"] [role=gridcell]').nth(1)).not.toHaveText("");
    await page.getByRole("gridcell").nth(1).focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("complementary", { name: "Asset" }).getByText("Classification")).toBeVisible();
  },
  "new asset": async (page, place) => {
    await page.goto(`${place.path}/assets`);
    await page.getByRole("button", { name: "New asset" }).click();
    await expect(page.getByRole("dialog", { name: "New asset" })).toBeVisible();
  },
  "export": async (page, place) => {
    await page.goto(`${place.path}/assets`);
    await page.getByRole("button", { name: "Export" }).click();
    await expect(page.getByRole("dialog", { name: "Export as CSV" })).toBeVisible();
  },
  engagements: async (page, place) => {
    await page.goto(`/clients/${place.client.id}/engagements`);
    await expect(page.getByRole("row").nth(2)).toBeVisible();
  },
  "client accounts": async (page) => {
    await page.goto("/clients");
    await expect(page.getByRole("row").nth(3)).toBeVisible();
  },
  "client account": async (page, place) => {
    await page.goto(`/clients/${place.client.id}/details`);
    await expect(page.getByRole("heading", { name: "Demo Corporation" })).toBeVisible();
  },
  "client account, changed": async (page, place) => {
    await page.goto(`/clients/${place.client.id}/details`);
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByLabel("Name", { exact: true }).fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
  },
  "client account, archive asked for": async (page, place) => {
    await page.goto(`/clients/${place.client.id}/details`);
    await page.getByRole("button", { name: "Archive" }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
  },
  members: async (page, place) => {
    await page.goto(`/clients/${place.client.id}/members`);
    await expect(page.getByRole("row").nth(3)).toBeVisible();
  },
  "member, changed": async (page, place) => {
    await page.goto(`/clients/${place.client.id}/members`);
    await page.getByRole("button", { name: "What to do with Demo Viewer" }).click();
    await page.getByRole("menuitem", { name: "Change" }).click();
    await expect(page.getByRole("group", { name: "In engagements" })).toBeVisible();
  },
  "new engagement": async (page, place) => {
    await page.goto(`/clients/${place.client.id}/engagements`);
    await page.getByRole("button", { name: "New engagement" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  users: async (page) => {
    await page.goto("/users");
    await expect(page.getByRole("row").nth(3)).toBeVisible();
  },
  "users, none waits": async (page) => {
    await page.goto("/users?status=rejected");
    await expect(page.getByRole("heading", { name: "Nobody matches" })).toBeVisible();
  },
  user: async (page) => {
    await page.goto("/users?q=viewer@demo");
    await page.getByRole("link", { name: "Demo Viewer" }).click();
    await expect(page.getByRole("table", { name: "Access to client accounts" })).toContainText("Demo Corporation");
  },
  roles: async (page) => {
    await page.goto("/roles");
    await expect(page.getByRole("row").nth(3)).toBeVisible();
  },
  switcher: async (page, place) => {
    await page.goto(`${place.path}/overview`);
    await expect(page.getByRole("table", { name: "Status" })).toBeVisible();
    await page.keyboard.press("Control+j");
    await expect(page.getByRole("option").first()).toBeVisible();
  },
  "user menu": async (page, place) => {
    await page.goto(`${place.path}/overview`);
    await page.getByRole("button", { name: /^Account: / }).click();
    await expect(page.getByRole("menuitem", { name: "Sign out" })).toBeVisible();
  },
  "my account": async (page) => {
    await page.goto("/account");
    await expect(page.getByLabel("First name")).toBeVisible();
    await expect(page.getByText("This session")).toBeVisible();
  },
  "security log": async (page) => {
    await page.goto("/audit");
    await expect(page.getByText(/as they were written, up to/)).toBeVisible();
    await page.getByRole("table").getByRole("button").first().click();
    await expect(page.getByText("Entry hash")).toBeVisible();
  },
  "security log, broken": async (page) => {
    const broken = {
      code: "verify.audit_broken", number: 17, id: null, breach: "cut", sentence: "It and what followed it were taken out.",
      next_step: "Compare the entries named with a snapshot from before, and find out who could write to the database.",
    };
    await page.route("**/api/v1/admin/audit/chain", (route) =>
      route.fulfill({ json: { verified: 16, verified_until: "2026-10-04T12:03:00Z", looked_at: "2026-10-04T12:03:00Z", broken } }),
    );
    await page.goto("/audit");
    await expect(page.getByRole("alert")).toBeVisible();
  },
  activity: async (page, place) => {
    await page.goto(`/clients/${place.client.id}/audit`);
    await expect(page.getByRole("heading", { name: /Nothing yet|Activity/ }).first()).toBeVisible();
    await expect(page.getByText(/There is no entry yet|as they were written/)).toBeVisible();
  },
  "change password": async (page, place) => {
    await page.goto(`${place.path}/overview`);
    await page.getByRole("button", { name: /^Account: / }).click();
    await page.getByRole("menuitem", { name: "Change password" }).click();
    await page.getByLabel("New password", { exact: true }).fill("short");
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("New password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  },
  "no client account": async (page) => {
    await page.route("**/api/v1/context/clients", (route) => route.fulfill({ json: { clients: [] } }));
    await page.route("**/api/v1/admin/clients?*", (route) => route.fulfill({ json: { clients: [] } }));
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "There is no client account yet" })).toBeVisible();
  },
  "data, no snapshot yet": async (page) => {
    await openData(page, { snapshots: [] });
    await expect(page.getByRole("heading", { name: "No snapshot yet" })).toBeVisible();
  },
  "data, snapshots": async (page) => {
    await openData(page, { undo: { cause: "reset", at: "2026-10-04T12:03:00Z" } });
    await page.getByRole("button", { name: /^More/ }).click();
    await expect(page.getByRole("menuitem", { name: "Delete" })).toBeVisible();
  },
  "data, under way": async (page) => {
    await openData(page, { task: TASK });
    await expect(page.getByRole("progressbar")).toBeVisible();
  },
  "data, reset asked for": async (page) => {
    await openData(page, {});
    await page.getByRole("button", { name: "Reset demo data" }).click();
    await expect(page.getByRole("alertdialog")).toContainText("Demo Corporation");
  },
  "data, new snapshot": async (page) => {
    await openData(page, {});
    await page.getByRole("button", { name: "New snapshot" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  "data, deleted": async (page) => {
    await openData(page, {});
    await page.route("**/api/v1/snapshots/*", (route) => route.fulfill({ status: 204 }));
    await page.getByRole("button", { name: /^More/ }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await expect(page.getByRole("button", { name: "Undo", exact: true })).toBeVisible();
  },
  "data, refused": async (page) => {
    await openData(page, {});
    await page.route("**/api/v1/snapshots/*/export", (route) =>
      route.fulfill(envelope(507, "platform.disk_full", "Disk full", "There is no room left.", "Make room.")),
    );
    await page.getByRole("button", { name: /^More/ }).click();
    await page.getByRole("menuitem", { name: "Export to a file" }).click();
    await expect(page.getByRole("alert")).toContainText("platform.disk_full");
  },
  "last start": async (page) => {
    await page.goto("/boot");
    await expect(page.getByRole("heading", { name: "Ready" })).toBeVisible();
  },
  "start under way": async (page) => {
    await page.route("**/api/v1/boot?*", async (route) => {
      if (!route.request().url().endsWith("after=0")) return;
      const answer = (await (await route.fetch()).json()) as { stages: object[] };
      const stages = answer.stages.map((stage, index) => ({
        ...stage,
        ...(index > 3 && { status: index === 4 ? "running" : "pending", elapsed_ms: null, detail: null }),
      }));
      await route.fulfill({ json: { ...answer, state: "booting", stages } });
    });
    await page.goto("/");
    await expect(page.locator("[aria-current=step]")).toBeVisible();
  },
  "failed start": async (page) => {
    await page.route("**/api/v1/boot?*", async (route) => {
      const answer = (await (await route.fetch()).json()) as Record<string, unknown>;
      const failure = { stage: "start", code: "postgres.start_failed", what: "It did not start", cause: "c", next_step: "n" };
      await route.fulfill({ json: { ...answer, state: "failed", failure } });
    });
    await page.goto("/");
    await expect(page.getByRole("alert")).toBeVisible();
  },
  "page not found": async (page) => {
    await page.goto("/no/such/page");
    await expect(page.getByRole("heading", { name: "There is no page" })).toBeVisible();
  },
  "foreign client account": async (page) => {
    await page.goto("/clients/99999999-9999-4999-8999-999999999999/engagements");
    await expect(page.getByRole("alert")).toBeVisible();
  },
  // The last: nobody is signed in afterwards.
  "session ended": async (page) => {
    await page.goto("/account");
    await expect(page.getByLabel("First name")).toBeVisible();
    await page.route("**/api/v1/auth/profile", (route) =>
      route.fulfill(envelope(401, "auth.session_expired", "Session ended", "Your session has ended.", "Sign in again.")),
    );
    await page.getByLabel("Organisation").fill("Harbour Works");
    await page.getByRole("button", { name: "Save profile" }).click();
    await expect(page.getByRole("dialog", { name: "Your session has ended" })).toBeVisible();
  },
};

async function violations(page: Page) {
  // Skeletons and menus fade in; half-faded text has another contrast.
  await page.waitForTimeout(400);
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => ({ id, where: nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary ?? ""}`) }));
}

/** Pages as they open; routes.spec.ts asks axe about every one of these. */
const PLAIN = ["overview", "assets", "engagements", "client accounts"];

for (const scheme of ["light", "dark"] as const) {
  for (const [name, open] of Object.entries(PAGES).filter(([name]) => !PLAIN.includes(name))) {
    test(`axe finds nothing: ${name}, ${scheme}`, async ({ page, place }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await open(page, place);
      expect(await violations(page)).toEqual([]);
    });
  }

  test(`axe finds nothing: sign in, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto("/login");
    await expect(page.getByRole("heading", { name: "Demo accounts" })).toBeVisible();
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });
}

/** The page that asks for the first account, every field refused; nothing is made. */
async function openSetup(page: Page) {
  await page.route("**/api/v1/setup", async (route) => {
    const asked = route.request().method() === "GET";
    await (asked ? route.fulfill({ json: { required: true } }) : route.continue());
  });
  await page.goto("/");
  await expect(page).toHaveURL(/\/setup$/);
  await page.getByRole("button", { name: "Create account and sign in" }).click();
  await expect(page.getByLabel("First name")).toHaveAttribute("aria-invalid", "true");
}

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing: register, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto("/register");
    await page.getByRole("button", { name: "Register" }).click();
    await expect(page.getByLabel("Full name")).toHaveAttribute("aria-invalid", "true");
    expect(await violations(page)).toEqual([]);
  });

  test(`axe finds nothing: first account, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await openSetup(page);
    expect(await violations(page)).toEqual([]);
  });
}

test("at 360 px the form for the first account does not scroll sideways", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openSetup(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

test("the first Tab reaches a link that skips to the content", async ({ page, place }) => {
  await page.goto(`${place.path}/overview`);
  await expect(page.getByRole("table", { name: "Status" })).toBeVisible();
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to the content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
});

test("at 360 px no page scrolls sideways and every target can be hit", async ({ page, place }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const [name, open] of Object.entries(PAGES)) {
    await open(page, place);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    const [wide, small] = await page.evaluate(() => {
      const targets = [...document.querySelectorAll("button, a[href], input, [role=option], [role^=menuitem]")];
      const low = targets.filter((target) => {
        // A box to tick counts with the label around it.
        const box = (target.matches("[type=checkbox], [type=radio]") ? (target.closest("label") ?? target) : target).getBoundingClientRect();
        // A link that covers its row counts with the row.
        const row = target.classList.contains("row-link") || target.closest(".total") !== null;
        return !row && getComputedStyle(target).clipPath === "none" && box.height > 0 && box.height < 24;
      });
      return [document.documentElement.scrollWidth, low.map((target) => target.outerHTML.slice(0, 80))];
    });
    expect(wide, name).toBeLessThanOrEqual(360);
    expect(small, name).toEqual([]);
  }
});

test("at 2560 px the pages fill no more than they need", async ({ page, place }) => {
  await page.setViewportSize({ width: 2560, height: 1300 });
  await PAGES["assets"]?.(page, place);
  const head = await page.getByRole("columnheader").last().boundingBox();
  const cell = await page.getByRole("row").nth(1).getByRole("gridcell").last().boundingBox();
  expect(head?.x).toBe(cell?.x);
  expect((head?.x ?? 0) + (head?.width ?? 0)).toBeGreaterThan(2400);
});
