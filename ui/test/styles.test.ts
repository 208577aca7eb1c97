// @vitest-environment node
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const sheet = (name: string) => readFileSync(new URL(`../src/styles/${name}.css`, import.meta.url), "utf8");

test("colours are named in tokens.css only", () => {
  for (const name of ["base", "app", "data"]) {
    expect(sheet(name)).not.toMatch(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(|light-dark\(/i);
  }
});

test("every token that is used exists", () => {
  const tokens = sheet("tokens");
  const own = new Set(["--tracks", "--least"]);
  for (const name of ["tokens", "base", "app", "data"]) {
    for (const [, token] of sheet(name).matchAll(/var\((--[a-z0-9-]+)/g)) {
      if (token === undefined || own.has(token) || token.startsWith("--radix-")) continue;
      expect(tokens, token).toContain(`${token}:`);
    }
  }
});

test("nothing that WebKitGTK draws in software", () => {
  for (const name of ["base", "app", "data"]) expect(sheet(name)).not.toMatch(/backdrop-filter|blur\(/);
});

test("rows are as high in the style sheet as in the grid", () => {
  const grid = readFileSync(new URL("../src/pages/AssetGrid.tsx", import.meta.url), "utf8");
  const row = /--row: (\d+)px/.exec(sheet("tokens"))?.[1];
  expect(row).toBeDefined();
  expect(grid).toContain(`const ROW = ${row ?? ""};`);
});
