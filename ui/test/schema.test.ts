// @vitest-environment node
import { readFile } from "node:fs/promises";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

test("schema.ts is what openapi-typescript makes of openapi.json", async () => {
  const document = new URL("../src/api/openapi.json", import.meta.url);
  const made = COMMENT_HEADER + astToString(await openapiTS(document));
  const kept = await readFile(new URL("../src/api/schema.ts", import.meta.url), "utf8");
  expect(kept, "run npm run types").toBe(made);
});
