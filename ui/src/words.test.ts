import { describe, expect, test } from "vitest";
import { counted, day, duration, figure, filterLabel, label, NONE, NOT_RECORDED, size } from "./words";

describe("words", () => {
  test.each([
    ["network_device", "Network device"],
    ["server", "Server"],
    ["dr", "Disaster recovery"],
    [null, NOT_RECORDED],
    [undefined, NOT_RECORDED],
    ["", NOT_RECORDED],
  ])("label(%j) is %j", (value, words) => expect(label(value)).toBe(words));

  test("the filter value for nothing recorded reads as such", () => expect(filterLabel(NONE)).toBe(NOT_RECORDED));

  test.each([
    [0.04, "< 0.1 ms"],
    [0.44, "0.4 ms"],
    [18.3, "18 ms"],
    [999.4, "999 ms"],
    [1240, "1.24 s"],
  ])("duration(%d) is %j", (ms, text) => expect(duration(ms)).toBe(text));

  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [8_412_345, "8.4 MB"],
    [999_949, "999.9 kB"],
    [999_950, "1 MB"],
    [1.5e12, "1.5 TB"],
  ])("size(%d) is %j", (bytes, text) => expect(size(bytes)).toBe(text));

  test("figures have separators and at most one decimal", () => {
    expect(figure(25000)).toBe("25,000");
    expect(figure(904.25)).toBe("904.3");
  });

  test("one is one", () => {
    expect(counted(1, "asset")).toBe("1 asset");
    expect(counted(0, "asset")).toBe("0 assets");
  });

  test("a day stays the day that was stored", () => {
    expect(day("2027-03-31T00:00:00Z")).toBe("31 Mar 2027");
    expect(day("2027-03-31")).toBe("31 Mar 2027");
    expect(day(null)).toBe(NOT_RECORDED);
    expect(day("some day")).toBe("some day");
  });
});
