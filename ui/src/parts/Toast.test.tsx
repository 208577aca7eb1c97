import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ActionScope } from "../app/ActionScope";
import { Toasts, useToast } from "./Toast";

function Subject({ undo }: { undo?: () => void }) {
  const say = useToast();
  return (
    <>
      <button onClick={() => say({ text: "“First” deleted.", ...(undo && { undo: { label: "Undo", run: undo } }) })}>Delete</button>
      <label>
        Name <input />
      </label>
    </>
  );
}

const open = async (undo?: () => void) => {
  const user = userEvent.setup();
  render(
    <ActionScope>
      <Toasts>
        <Subject {...(undo && { undo })} />
      </Toasts>
    </ActionScope>,
  );
  await user.click(screen.getByRole("button", { name: "Delete" }));
  return user;
};

test("what happened can be undone once, by its button", async () => {
  const undo = vi.fn();
  const user = await open(undo);
  expect(screen.getByText("“First” deleted.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(undo).toHaveBeenCalledOnce();
  expect(screen.queryByText("“First” deleted.")).toBeNull();
  await user.keyboard("{Control>}z{/Control}");
  expect(undo).toHaveBeenCalledOnce();
});

test("Ctrl Z takes it back too, but not out of a field one types in", async () => {
  const undo = vi.fn();
  const user = await open(undo);
  await user.click(screen.getByLabelText("Name"));
  await user.keyboard("{Control>}z{/Control}");
  expect(undo).not.toHaveBeenCalled();
  await user.click(screen.getByRole("button", { name: "Delete" }));
  await user.keyboard("{Control>}z{/Control}");
  expect(undo).toHaveBeenCalledOnce();
});

test("a message without a way back offers none, and can be closed", async () => {
  const user = await open();
  expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByText("“First” deleted.")).toBeNull();
});
