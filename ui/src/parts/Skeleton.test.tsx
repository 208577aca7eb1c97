import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useSkeleton } from "./Skeleton";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

function Subject({ pending }: { pending: boolean }) {
  return <p>{useSkeleton(pending) ? "skeleton" : "content"}</p>;
}

const pass = (ms: number) => {
  act(() => {
    vi.advanceTimersByTime(ms);
  });
};

test("what was seen at all stays for a moment, what was not is gone at once", () => {
  const { rerender } = render(<Subject pending />);
  pass(150);
  rerender(<Subject pending={false} />);
  expect(screen.getByText("content")).toBeVisible();

  rerender(<Subject pending />);
  pass(250);
  rerender(<Subject pending={false} />);
  pass(250);
  expect(screen.getByText("skeleton")).toBeVisible();
  pass(60);
  expect(screen.getByText("content")).toBeVisible();

  rerender(<Subject pending />);
  pass(2000);
  rerender(<Subject pending={false} />);
  expect(screen.getByText("content")).toBeVisible();
});
