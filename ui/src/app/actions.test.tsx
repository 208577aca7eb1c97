import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { ActionScope } from "./ActionScope";
import { useActions, type Action } from "./actions";
import { keysOf, reads } from "./shortcut";

beforeAll(() => {
  Element.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
});
beforeEach(() => localStorage.clear());

function Page({ actions }: { actions: Action[] }) {
  useActions(actions);
  return (
    <label>
      Name <input />
    </label>
  );
}

const open = (actions: Action[]) => {
  const user = userEvent.setup();
  const { unmount } = render(
    <ActionScope>
      <Page actions={actions} />
    </ActionScope>,
  );
  return { user, unmount };
};

const action = (id: string, more: Partial<Action> = {}) => {
  const run = vi.fn();
  const action: Action = { id, title: `Do ${id}`, group: "This page", run, ...more };
  return { run, action };
};

test("the list of shortcuts is the table the keys are bound by", async () => {
  const all = [action("one", { shortcut: "o" }), action("two", { shortcut: "g t" }), action("three", { shortcut: "mod+b" })];
  const { user } = open(all.map((one) => one.action));
  await user.keyboard("?");
  const dialog = screen.getByRole("dialog", { name: "Keyboard shortcuts" });
  for (const { action } of all) {
    const row = within(dialog).getByText(action.title).closest("li");
    for (const key of keysOf(action.shortcut ?? "")) expect(row).toHaveTextContent(key);
  }
  const listed = within(dialog).getAllByRole("listitem");
  // These three, the palette and the list itself.
  expect(listed).toHaveLength(all.length + 2);
  await user.keyboard("{Escape}");
  await user.keyboard("o");
  await user.keyboard("gt");
  await user.keyboard("{Control>}b{/Control}");
  for (const { run } of all) expect(run).toHaveBeenCalledOnce();
});

test("keys do nothing while one types, in a dialog, or once the page is gone", async () => {
  const one = action("one", { shortcut: "o" });
  const { user, unmount } = open([one.action]);
  await user.click(screen.getByLabelText("Name"));
  await user.keyboard("o");
  expect(screen.getByLabelText("Name")).toHaveValue("o");
  await user.tab();
  await user.keyboard("?");
  await user.keyboard("o");
  await user.keyboard("{Escape}");
  expect(one.run).not.toHaveBeenCalled();
  unmount();
  await user.keyboard("o");
  expect(one.run).not.toHaveBeenCalled();
});

test("letters can be switched off, keys with Ctrl stay", async () => {
  const [one, two] = [action("one", { shortcut: "o" }), action("two", { shortcut: "mod+b" })];
  const { user } = open([one.action, two.action]);
  await user.keyboard("?");
  await user.click(screen.getByLabelText("Shortcuts of plain letters"));
  await user.keyboard("{Escape}");
  await user.keyboard("o");
  await user.keyboard("{Control>}b{/Control}");
  expect(one.run).not.toHaveBeenCalled();
  expect(two.run).toHaveBeenCalledOnce();
});

test("the palette finds by any word and shows the keys; what can't be done is not in it", async () => {
  const export_ = action("export", { title: "Export the assets", shortcut: "x", words: "csv file" });
  const never = action("never", { title: "Export nothing", when: false });
  const { user } = open([export_.action, never.action, action("other").action]);
  await user.keyboard("{Control>}k{/Control}");
  await user.keyboard("csv");
  const options = screen.getAllByRole("option");
  expect(options).toHaveLength(1);
  expect(options[0]).toHaveTextContent("Export the assets");
  expect(options[0]).toHaveTextContent("X");
  await user.keyboard("{Enter}");
  expect(export_.run).toHaveBeenCalledOnce();
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a page's action runs as it is now, not as it was when it was put in", async () => {
  const [before, after] = [vi.fn(), vi.fn()];
  const of = (run: () => void): Action => ({ id: "a", title: "A", group: "This page", shortcut: "a", run });
  const user = userEvent.setup();
  const page = (run: () => void) => (
    <ActionScope>
      <Page actions={[of(run)]} />
    </ActionScope>
  );
  const { rerender } = render(page(before));
  rerender(page(after));
  await user.keyboard("a");
  expect(before).not.toHaveBeenCalled();
  expect(after).toHaveBeenCalledOnce();
});

test("presses are read as shortcuts are written", () => {
  const press = (key: string, more = {}) =>
    reads({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  expect(press("a")).toBe("a");
  expect(press("A", { shiftKey: true })).toBeUndefined();
  expect(press("?", { shiftKey: true })).toBe("?");
  expect(press("K", { metaKey: true })).toBe("mod+k");
  expect(press("Z", { ctrlKey: true, shiftKey: true })).toBe("mod+shift+z");
  expect(press("a", { altKey: true })).toBeUndefined();
  expect(press("Enter")).toBeUndefined();
  expect(keysOf("mod+k", true)).toEqual(["⌘", "K"]);
  expect(keysOf("g a", false)).toEqual(["G", "then", "A"]);
});
