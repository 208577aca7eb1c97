import { expect, test } from "vitest";
import { find } from "./find";

const items = ["Alder Health", "Demo Corporation", "Meridian Logistics", "Core Demo (old)"].map((name) => ({ name }));
const names = (text: string) => find(items, text).map(({ name }) => name);

test("every word must be there, the best fit comes first", () => {
  expect(names("")).toHaveLength(4);
  expect(names("demo")).toEqual(["Demo Corporation", "Core Demo (old)"]);
  expect(names("old demo")).toEqual(["Core Demo (old)"]);
  expect(names("LOGIS")).toEqual(["Meridian Logistics"]);
  expect(names("rid")).toEqual(["Meridian Logistics"]);
  expect(names("demo logistics")).toEqual([]);
});

test("other words count, but less than the name", () => {
  expect(find([{ name: "Data", words: "reset snapshots" }, { name: "Reset" }], "reset").map(({ name }) => name)).toEqual(["Reset", "Data"]);
});
