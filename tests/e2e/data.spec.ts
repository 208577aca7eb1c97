import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, signIn, test as base, useToken, VIEWER } from "./fixtures";
import { drydock, start, type Served } from "./serve";

/** Replaces all data, so it has a platform of its own, one for each worker; no test expects to find it untouched. */
const test = base.extend<object, { own: Served }>({
  own: [
    async ({}, use) => {
      const own = await start();
      await use(own);
      await own.stop();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ own }, use) => {
    await use(own.url);
  },
});

let count = 0;
/** A name that no other test uses. */
const named = (what: string) => `${what} ${process.pid}-${(count += 1)}`;

/** Renames the client account one sees first, so that its states can be told apart. */
async function rename(own: Served, name: string) {
  const sql = `update migration.client_accounts set name = '${name}' where slug = 'demo-corp'`;
  await drydock("psql", "--data-dir", own.data, "--role", "owner", "--", "-c", sql);
}

const tenant = (page: Page, name: string) => page.getByRole("button", { name: `Client account: ${name}` });
const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

async function create(page: Page, name: string, note = "") {
  await page.getByRole("button", { name: "New snapshot" }).first().click();
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByLabel("Note, if you like").fill(note);
  await page.getByRole("button", { name: "Make snapshot" }).click();
  await expect(row(page, name)).toBeVisible();
}

async function more(page: Page, name: string, item: string) {
  await page.getByRole("button", { name: `More for “${name}”` }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

test("a reset names what it replaces, leaves nothing of it on screen, and can be undone", async ({ page, api, own }) => {
  const name = named("Renamed");
  await rename(own, name);
  await page.goto("/data");
  await expect(tenant(page, name)).toBeVisible();

  await page.getByRole("button", { name: "Reset demo data" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Reset demo data?" });
  await expect(dialog).toContainText(name);
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(tenant(page, name)).toBeVisible();
  await expect(page.getByRole("button", { name: "Reset demo data" })).toBeFocused();

  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Reset demo data" }).click();
  await expect(page.getByText(/^Data reset in /)).toBeVisible();
  await expect(tenant(page, "Demo Corporation")).toBeVisible();
  await expect(page).toHaveURL(/\/data$/);
  expect(await page.content()).not.toContain(name);
  // Still signed in, with the same token.
  expect((await api.clients()).map((client) => client.name)).toContain("Demo Corporation");

  await page.reload();
  await page.getByRole("button", { name: "Undo reset" }).click();
  await expect(tenant(page, name)).toBeVisible();
  await page.getByRole("button", { name: "Redo" }).click();
  await expect(tenant(page, "Demo Corporation")).toBeVisible();
});

test("a snapshot keeps the state, brings it back, and that can be undone by Ctrl Z", async ({ page, api, own }) => {
  expect(api.token).not.toBe("");
  const [then, now, snapshot] = [named("Then"), named("Now"), named("Kept")];
  await rename(own, then);
  await page.goto("/data");
  await create(page, snapshot, "As it was then.\nSecond line.");
  await expect(page.getByText(`Snapshot “${snapshot}” is made.`).first()).toBeVisible();
  await expect(row(page, snapshot)).toContainText("As it was then.");
  await rename(own, now);
  await page.reload();
  await expect(tenant(page, now)).toBeVisible();

  await page.getByRole("button", { name: `Restore “${snapshot}”` }).click();
  const dialog = page.getByRole("alertdialog", { name: `Restore “${snapshot}”?` });
  await expect(dialog).toContainText(now);
  await dialog.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText(`Snapshot “${snapshot}” is restored.`).first()).toBeVisible();
  await expect(tenant(page, then)).toBeVisible();
  expect(await page.content()).not.toContain(now);

  await page.keyboard.press("Control+z");
  await expect(tenant(page, now)).toBeVisible();
  await expect(row(page, snapshot)).toBeVisible();
});

test("a snapshot is renamed, deleted and put back, by keyboard", async ({ page, api }) => {
  expect(api.token).not.toBe("");
  const [first, second] = [named("First"), named("Second")];
  await page.goto("/data");
  await create(page, first);
  await page.getByRole("button", { name: `More for “${first}”` }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("textbox", { name: "Name" })).toBeFocused();
  await page.keyboard.type(second);
  await page.keyboard.press("Enter");
  await expect(row(page, second)).toBeVisible();
  await expect(row(page, first)).toHaveCount(0);
  await expect(page.getByRole("button", { name: `More for “${second}”` })).toBeFocused();

  await more(page, second, "Delete");
  await expect(row(page, second)).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Snapshots", exact: true })).toBeFocused();
  await page.reload();
  await expect(page.getByRole("table", { name: "Snapshots" })).toBeVisible();
  await expect(row(page, second)).toHaveCount(0);

  await create(page, first);
  await more(page, first, "Delete");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(row(page, first)).toBeVisible();
});

test("an export says where it is, and the file comes back in by picker and by drop", async ({ page, api, own }) => {
  expect(api.token).not.toBe("");
  const name = named("Travelling");
  await page.goto("/data");
  await create(page, name);
  await more(page, name, "Export to a file");
  const path = await page.getByText(/is exported to/).locator("code").textContent();
  expect(path?.startsWith(own.home)).toBe(true);
  const file = await readFile(path ?? "");
  expect(file.length).toBeGreaterThan(1000);

  for (const way of ["picker", "drop"]) {
    await more(page, name, "Delete");
    await expect(row(page, name)).toHaveCount(0);
    if (way === "picker") {
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Import file" }).click();
      await (await chooser).setFiles(path ?? "");
    } else {
      const data = await page.evaluateHandle(
        ([text, title]) => {
          const bytes = Uint8Array.from(atob(text ?? ""), (character) => character.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], title ?? ""));
          return transfer;
        },
        [file.toString("base64"), basename(path ?? "")],
      );
      await page.dispatchEvent("main", "dragover", { dataTransfer: data });
      await expect(page.getByText("Drop the file to import it")).toBeVisible();
      await page.dispatchEvent("main", "drop", { dataTransfer: data });
      await expect(page.getByText("Drop the file to import it")).toHaveCount(0);
    }
    await expect(page.getByText(`“${name}” imported.`).first()).toBeVisible();
    await expect(row(page, name)).toBeVisible();
  }
});

test("a file that was cut off is refused whole, and the page says why", async ({ page, api, own }) => {
  expect(api.token).not.toBe("");
  const name = named("Cut off");
  await page.goto("/data");
  await create(page, name);
  await more(page, name, "Export to a file");
  const path = (await page.getByText(/is exported to/).locator("code").textContent()) ?? "";
  await more(page, name, "Delete");
  await expect(row(page, name)).toHaveCount(0);
  const broken = join(own.home, "broken.drydock");
  const whole = await readFile(path);
  await writeFile(broken, whole.subarray(0, whole.length - 1));

  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Import file" }).click();
  await (await chooser).setFiles(broken);
  await expect(page.getByRole("alert")).toContainText("snapshot.damaged");
  await expect(row(page, name)).toHaveCount(0);
});

test("it is not offered to those who may not, and opened all the same says whom to ask", async ({ page, request }) => {
  const viewer = await signIn(request, VIEWER);
  await useToken(page, viewer.token);
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Data", exact: true })).toHaveCount(0);
  await page.goto("/data");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("permission.denied");
  await expect(alert).toContainText("Ask Platform Admin (platform admin, ");
  await expect(page.getByRole("button", { name: "Reset demo data" })).toHaveCount(0);
});

test("a double click makes one snapshot", async ({ page, api }) => {
  expect(api.token).not.toBe("");
  let requests = 0;
  await page.route("**/api/v1/snapshots", async (route) => {
    if (route.request().method() === "POST") requests += 1;
    await route.continue();
  });
  await page.goto("/data");
  const name = named("Once");
  await page.getByRole("button", { name: "New snapshot" }).first().click();
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByRole("button", { name: "Make snapshot" }).dblclick();
  await expect(row(page, name)).toHaveCount(1);
  expect(requests).toBe(1);
});
