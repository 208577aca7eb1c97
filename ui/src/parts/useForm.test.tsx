import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { Confirm, FormDialog } from "./Dialog";
import { TextField } from "./Field";
import { FormProblem } from "./FormProblem";
import { deferred } from "../test-deferred";
import { useForm } from "./useForm";

const refused = (fields: { path: string; code: string; message: string }[]) =>
  new Problem({ code: "request.invalid", status: 422, title: "Not valid", detail: "", nextStep: "", fields });

function Subject({ send }: { send: (values: { name: string; note: string }) => Promise<void> }) {
  const form = useForm({ initial: { name: "", note: "" }, send, paths: { note: "/words/note" } });
  return (
    <form onSubmit={form.submit} noValidate>
      <FormProblem problem={form.problem} />
      <TextField label="Name" {...form.field("name")} />
      <TextField label="Note" {...form.field("note")} />
      <button type="submit">Save</button>
      <p>{form.dirty ? "unsaved" : "saved"}</p>
    </form>
  );
}

test("what the API objects to stands at its field, which gets the focus; what was typed stays", async () => {
  const user = userEvent.setup();
  const send = vi.fn(() => Promise.reject(refused([{ path: "/words/note", code: "too_long", message: "Too long." }])));
  render(<Subject send={send} />);
  await user.type(screen.getByLabelText("Name"), "Pilot");
  await user.type(screen.getByLabelText("Note"), "abc{Enter}");
  expect(await screen.findByText("Too long.")).toBeVisible();
  expect(screen.getByLabelText("Note")).toHaveFocus();
  expect(screen.getByLabelText("Note")).toHaveAccessibleDescription("Too long.");
  expect(screen.getByLabelText("Name")).toHaveValue("Pilot");
  expect(screen.queryByRole("alert")).toBeNull();
});

test("what belongs to no field stands above them", async () => {
  const user = userEvent.setup();
  render(<Subject send={() => Promise.reject(refused([{ path: "/other", code: "x", message: "y" }]))} />);
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("request.invalid");
});

test("a double click sends once, and what is sent is no longer unsaved", async () => {
  const user = userEvent.setup();
  const answer = deferred();
  const send = vi.fn(async () => {
    await answer.promise;
  });
  render(<Subject send={send} />);
  await user.type(screen.getByLabelText("Name"), "x");
  expect(screen.getByText("unsaved")).toBeVisible();
  await user.dblClick(screen.getByRole("button", { name: "Save" }));
  answer.resolve();
  expect(await screen.findByText("saved")).toBeVisible();
  expect(send).toHaveBeenCalledExactlyOnceWith({ name: "x", note: "" });
});

test("a dialog with something filled in asks before it closes", async () => {
  const user = userEvent.setup();
  function Dialog() {
    const [open, setOpen] = useState(true);
    const [text, setText] = useState("");
    return (
      <FormDialog open={open} onOpen={setOpen} title="New" does="Save" busy={false} dirty={text !== ""} onSubmit={vi.fn()}>
        <TextField label="Name" value={text} onText={setText} />
      </FormDialog>
    );
  }
  render(<Dialog />);
  await user.type(screen.getByLabelText("Name"), "x");
  await user.keyboard("{Escape}");
  expect(screen.getByRole("alertdialog", { name: "Discard what you filled in?" })).toBeVisible();
  await user.keyboard("{Escape}");
  expect(screen.getByLabelText("Name")).toHaveValue("x");
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("button", { name: "Discard" }));
  expect(screen.queryByLabelText("Name")).toBeNull();
});

test("what can't be undone is done only once its name is typed", async () => {
  const user = userEvent.setup();
  const confirm = vi.fn();
  render(
    <Confirm open onOpen={vi.fn()} title="Delete?" does="Delete" typed="Demo Corporation" onConfirm={confirm}>
      <p>All of it goes.</p>
    </Confirm>,
  );
  const field = screen.getByLabelText("Type “Demo Corporation” to go on");
  await user.type(field, "demo{Enter}");
  expect(confirm).not.toHaveBeenCalled();
  await user.clear(field);
  await user.type(field, "Demo Corporation{Enter}");
  expect(confirm).toHaveBeenCalledOnce();
});
