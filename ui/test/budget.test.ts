// @vitest-environment node
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { beforeAll, describe, expect, test } from "vitest";

const KIB = 1024;
const BUDGET = 300 * KIB;

describe("what is built", () => {
  let output: Rolldown.RolldownOutput["output"];

  beforeAll(async () => {
    const built = await build({
      root: fileURLToPath(new URL("..", import.meta.url)),
      build: { write: false },
      logLevel: "silent",
      mode: "production",
    });
    if (!("output" in built)) throw new Error("one build, one output");
    output = built.output;
  }, 60_000);

  test("the first load stays within its budget", () => {
    const chunks = output.filter((file) => file.type === "chunk");
    const wanted = new Set(chunks.filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName));
    for (const name of wanted) {
      for (const imported of chunks.find((chunk) => chunk.fileName === name)?.imports ?? []) wanted.add(imported);
    }
    const sources = [
      ...chunks.filter((chunk) => wanted.has(chunk.fileName)).map((chunk) => chunk.code),
      ...output.flatMap((file) => (file.type === "asset" && file.fileName.endsWith(".css") ? [file.source] : [])),
    ];
    const size = sources.reduce((sum, source) => sum + gzipSync(source).length, 0);
    expect(wanted.size).toBeGreaterThan(0);
    expect(size).toBeGreaterThan(50 * KIB);
    expect(size).toBeLessThanOrEqual(BUDGET);
  });

  test("the document holds no inline script and asks nothing of another machine", () => {
    const page = output.find((file) => file.fileName === "index.html");
    const html = page?.type === "asset" ? String(page.source) : "";
    expect(html).toContain("<script");
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    for (const file of output) {
      if (file.fileName.endsWith(".css")) expect(file.type === "asset" && String(file.source)).not.toMatch(/url\(|@import/);
    }
  });
});
