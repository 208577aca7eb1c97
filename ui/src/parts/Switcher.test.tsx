import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeAll, expect, test, vi } from "vitest";
import { Switcher } from "./Switcher";

beforeAll(() => {
  Element.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
});

const ITEMS = ["Alder Health", "Demo Corporation", "Meridian Logistics"].map((name, index) => ({ id: String(index), name, note: "" }));

function Subject({ onChoose }: { onChoose: (id: string) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <Switcher
      what="Client account"
      current="Demo Corporation"
      currentId="1"
      items={ITEMS}
      onChoose={onChoose}
      open={open}
      onOpen={setOpen}
    />
  );
}

const active = () => document.getElementById(screen.getByRole("combobox").getAttribute("aria-activedescendant") ?? "");

test("begins at the current choice, and the arrows go round", async () => {
  const user = userEvent.setup();
  render(<Subject onChoose={vi.fn()} />);
  await user.click(screen.getByRole("button", { name: /Demo Corporation/ }));
  expect(active()).toHaveTextContent("Demo Corporation");
  await user.keyboard("{ArrowDown}");
  expect(active()).toHaveTextContent("Meridian Logistics");
  await user.keyboard("{ArrowDown}");
  expect(active()).toHaveTextContent("Alder Health");
  await user.keyboard("{ArrowUp}");
  expect(active()).toHaveTextContent("Meridian Logistics");
});

test("typing filters, Enter chooses and closes", async () => {
  const user = userEvent.setup();
  const choose = vi.fn();
  render(<Subject onChoose={choose} />);
  await user.click(screen.getByRole("button", { name: /Demo Corporation/ }));
  await user.keyboard("MERI");
  expect(screen.getAllByRole("option")).toHaveLength(1);
  await user.keyboard("{Enter}");
  expect(choose).toHaveBeenCalledExactlyOnceWith("2");
  expect(screen.queryByRole("combobox")).toBeNull();
});

test("Enter with nothing found does nothing", async () => {
  const user = userEvent.setup();
  const choose = vi.fn();
  render(<Subject onChoose={choose} />);
  await user.click(screen.getByRole("button", { name: /Demo Corporation/ }));
  await user.keyboard("zzz{Enter}");
  expect(choose).not.toHaveBeenCalled();
  expect(screen.getByText("Nothing is called “zzz”.")).toBeVisible();
});
