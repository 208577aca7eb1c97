import { expect, test } from "vitest";
import { fromAnswer, fromThrown, Problem } from "./problem";

test.each([["<html>"], [undefined], [null], [42], [{ code: 7 }], [{}]])("no envelope in %j is said as such", (answer) => {
  expect(fromAnswer(answer, 502)).toMatchObject({ code: "ui.answer_unreadable", status: 502 });
});

test("an envelope with gaps is still one", () => {
  expect(fromAnswer({ code: "x.y" }, 400)).toMatchObject({ code: "x.y", detail: "", fields: [], requestId: undefined });
});

test.each(["Failed to fetch", "Load failed", "NetworkError when attempting to fetch resource."])(
  "a browser's %j is a lost connection",
  (message) => expect(fromThrown(new TypeError(message))).toMatchObject({ code: "ui.connection_lost", status: 0 }),
);

test("anything else keeps what it said", () => {
  const problem = new Problem({ code: "a", status: 400, title: "t", detail: "d", nextStep: "n" });
  expect(fromThrown(problem)).toBe(problem);
  expect(fromThrown(new TypeError("x is undefined"))).toMatchObject({ code: "ui.unexpected", detail: "x is undefined" });
  expect(fromThrown("text")).toMatchObject({ code: "ui.unexpected", detail: "text" });
});
