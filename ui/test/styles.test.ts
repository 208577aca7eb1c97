// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));
const TOKENS = "styles/tokens.css";

/** Set by a component on its own elements. */
const OWN = new Set(["--tracks", "--least"]);

const read = (name: string) => readFileSync(SRC + name, "utf8");
const files = (end: string) => readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(end));
const sheets = files(".css");

test("every style sheet is seen", () => expect(sheets.length).toBeGreaterThan(10));

test("every style sheet is imported by a part, page or entry beside it", () => {
  const scripts = files(".tsx").map(read);
  for (const sheet of sheets) {
    const name = sheet.split("/").at(-1) ?? "";
    const users = scripts.filter((script) => new RegExp(`^import "\\./(?:.*/)?${name.replace(".", "\\.")}";$`, "m").test(script));
    expect(users, sheet).not.toEqual([]);
  }
});

test("colours are named in tokens.css only", () => {
  for (const sheet of sheets.filter((name) => name !== TOKENS)) {
    expect(read(sheet), sheet).not.toMatch(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(|light-dark\(/i);
  }
});

test("every token that is used exists", () => {
  const tokens = read(TOKENS);
  for (const sheet of sheets) {
    for (const [, token] of read(sheet).matchAll(/var\((--[a-z0-9-]+)/g)) {
      if (token === undefined || OWN.has(token) || token.startsWith("--radix-")) continue;
      expect(tokens, `${sheet}: ${token}`).toContain(`${token}:`);
    }
  }
});

test("nothing that WebKitGTK draws in software", () => {
  for (const sheet of sheets) expect(read(sheet), sheet).not.toMatch(/backdrop-filter|blur\(/);
});

test("rows are as high in the style sheet as in the grid", () => {
  const row = /--row: (\d+)px/.exec(read(TOKENS))?.[1];
  expect(row).toBeDefined();
  expect(read("pages/assets/AssetGrid.tsx")).toContain(`comfortable: ${row ?? ""},`);
});
