import { act, renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { changed, useVersioned } from "./useVersioned";

const stale = (current: Record<string, unknown>) =>
  new Problem({ code: "conflict.stale", status: 409, title: "Changed", detail: "", nextStep: "", current });

const open = (put: (version: number, changes: Record<string, string>) => Promise<void>) =>
  renderHook(() =>
    useVersioned({
      initial: { name: "A", industry: "Shipping" },
      version: 1,
      read: (current) => ({ name: String(current["name"]), industry: String(current["industry"]) }),
      put,
      labels: { name: "Name", industry: "Industry" },
    }),
  ).result;

test("only what was changed is sent, on top of the version that was read", async () => {
  expect(changed({ a: "1", b: "2" }, { a: "1", b: "3" })).toEqual({ b: "3" });
  const put = vi.fn(() => Promise.resolve());
  const form = open(put);
  await act(async () => expect(await form.current.save({ name: "A", industry: "Air" })).toBe(true));
  expect(put.mock.calls).toEqual([[1, { industry: "Air" }]]);
});

test("what only one changed is kept without asking", async () => {
  const put = vi.fn((version: number) =>
    version === 1 ? Promise.reject(stale({ version: 2, name: "B", industry: "Shipping" })) : Promise.resolve(),
  );
  const form = open(put);
  await act(async () => expect(await form.current.save({ name: "A", industry: "Air" })).toBe(true));
  expect(put.mock.calls.at(-1)).toEqual([2, { industry: "Air" }]);
});

test("what both changed is asked about, and nothing is lost", async () => {
  const put = vi.fn((version: number) =>
    version === 1 ? Promise.reject(stale({ version: 2, name: "B", industry: "Rail" })) : Promise.resolve(),
  );
  const form = open(put);
  await act(async () => expect(await form.current.save({ name: "A", industry: "Air" })).toBe(false));
  expect(form.current.clashes).toEqual([{ field: "industry", label: "Industry", yours: "Air", theirs: "Rail" }]);
  await act(async () => expect(await form.current.choose(new Set(["industry"]))).toBe(true));
  expect(put.mock.calls.at(-1)).toEqual([2, { industry: "Air" }]);
  expect(form.current.clashes).toBeUndefined();
});

test("any other refusal is thrown", async () => {
  const refusal = new Problem({ code: "request.invalid", status: 422, title: "", detail: "", nextStep: "" });
  const form = open(vi.fn(() => Promise.reject(refusal)));
  await expect(form.current.save({ name: "Z", industry: "" })).rejects.toBe(refusal);
});
