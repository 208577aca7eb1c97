import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Boot } from "../../api/queries";
import { BootPage } from "./BootPage";

const boot = (more: Partial<Boot> = {}): Boot => ({
  revision: 2,
  state: "booting",
  version: "0.1.0",
  os: "linux x86_64",
  environment: "local",
  profile: "demo",
  elapsed_ms: 1234.5,
  stages: [
    { name: "configure", title: "Read settings", status: "passed", elapsed_ms: 0.42, detail: null },
    { name: "start", title: "Start PostgreSQL", status: "running", elapsed_ms: null, detail: null },
  ],
  failure: null,
  report: "report",
  ...more,
});

test("before the first word it says what it waits for", () => {
  render(<BootPage boot={undefined} lost={false} onRetry={vi.fn()} />);
  expect(screen.getByText("Waiting for the platform's first word.")).toBeVisible();
});

test("names stages, times and the total", () => {
  render(<BootPage boot={boot()} lost={false} onRetry={vi.fn()} />);
  expect(screen.getByText("1 of 2 stages passed, 1.23 s in total")).toBeVisible();
  expect(screen.getAllByRole("listitem")[0]).toHaveTextContent("Read settingspassed 0.4 ms");
  expect(screen.getByText("Start PostgreSQL").closest("li")).toHaveAttribute("aria-current", "step");
});

test("a lost connection keeps the stages and offers to ask again", async () => {
  const retry = vi.fn();
  render(<BootPage boot={boot()} lost onRetry={retry} />);
  await userEvent.click(screen.getByRole("button", { name: "Try again now" }));
  expect(retry).toHaveBeenCalledOnce();
  expect(screen.getAllByRole("listitem")).toHaveLength(2);
});
