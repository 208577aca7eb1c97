import type { ReactNode } from "react";
import { Conflict } from "./Conflict";
import { FormDialog } from "./Dialog";
import { TextArea, TextField } from "./Field";
import { FormProblem } from "./FormProblem";
import { useToast } from "./Toast";
import { useForm } from "./useForm";
import { useVersioned } from "./useVersioned";

type Base = "name" | "slug" | "description";
type Values<F extends string> = Record<Base | F, string>;
type Form<F extends string> = ReturnType<typeof useForm<Values<F>>>;

interface Props<F extends string, R extends { name: string; version: number }> {
  /** The one to change; a new one where there is none. */
  existing: R | undefined;
  /** What the fields hold at first. */
  initial: Values<F>;
  /** Reads the fields out of what the API tells to be there now. */
  read: (current: Partial<Record<string, unknown>>) => Values<F>;
  labels: Readonly<Values<F>>;
  /** What a new one is called in the title, what the button does, and what is said of it when it is there. */
  words: { title: string; does: string; made: string };
  /** Sends what was filled in. */
  create: (given: Partial<Values<F>> & { name: string }) => Promise<R>;
  /** Sends what was changed on top of a version. */
  update: (version: number, changes: Partial<Values<F>>) => Promise<R>;
  /** Reads again what shows it. */
  onSaved: (saved: R) => Promise<void>;
  onClose: () => void;
  /** The fields beside name, short name and description. */
  children: (field: Form<F>["field"]) => ReactNode;
}

/** Makes something that has a name, or changes what is known of it; what somebody else changed meanwhile is asked about. */
export function NamedForm<F extends string, R extends { name: string; version: number }>(props: Props<F, R>) {
  const { existing, initial, read, labels, words, create, update, onSaved, onClose, children } = props;
  const say = useToast();

  const done = async (saved: R) => {
    await onSaved(saved);
    say({ text: `“${saved.name}” ${existing === undefined ? words.made : "is saved"}.` });
    onClose();
  };
  const versioned = useVersioned({
    initial,
    version: existing?.version ?? 0,
    read,
    labels,
    put: async (version, changes) => done(await update(version, changes as Partial<Values<F>>)),
  });
  const form = useForm<Values<F>>({
    initial,
    send: async (values) => {
      if (existing !== undefined) {
        await versioned.save(values);
        return;
      }
      const given = Object.entries<string>(values).filter(([field, value]) => field === "name" || value.trim() !== "");
      await done(await create({ ...(Object.fromEntries(given) as Partial<Values<F>>), name: values.name }));
    },
  });

  if (versioned.clashes !== undefined) {
    return (
      <Conflict
        what={existing?.name ?? ""}
        clashes={versioned.clashes}
        onChoose={(yours) => void versioned.choose(yours)}
        onClose={versioned.forget}
      />
    );
  }
  return (
    <FormDialog
      open
      wide
      onOpen={(open) => open || onClose()}
      title={existing === undefined ? words.title : `Change “${existing.name}”`}
      does={existing === undefined ? words.does : "Save"}
      busy={form.busy}
      dirty={form.dirty}
      onSubmit={form.submit}
    >
      <div className="dialog-fields">
        <FormProblem problem={form.problem} />
        <div className="dialog-columns">
          <TextField label={labels.name} autoComplete="off" {...form.field("name")} />
          <TextField
            label={labels.slug}
            autoComplete="off"
            spellCheck={false}
            {...form.field("slug")}
            hint={existing === undefined ? "Made of the name when left empty." : undefined}
          />
        </div>
        <TextArea label={labels.description} {...form.field("description")} />
        <div className="dialog-columns">{children(form.field)}</div>
      </div>
    </FormDialog>
  );
}
