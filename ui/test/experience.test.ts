// @vitest-environment node
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const rows = read("docs/experience-checks.md")
  .split("\n")
  .map((line) => /^\| (\d+) \| ([^|]+) \| ([^|]+) \|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, number = "", , shown = ""]) => ({ number: Number(number), shown: shown.trim() }));

test("all forty habits are there, in order", () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
});

test.each(rows)("habit $number names tests that exist, or says why there is none", ({ shown }) => {
  const named = [...shown.matchAll(/`([^`]+\.(?:tsx?|rs))`: ([^;]+)/g)];
  if (named.length === 0) {
    expect(shown).toMatch(/^not yet: .{10,}/);
    return;
  }
  for (const [, file = "", title = ""] of named) expect(read(file), `${file}: ${title}`).toContain(title.trim());
});
