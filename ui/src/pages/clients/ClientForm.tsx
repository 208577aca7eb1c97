import { useQueryClient } from "@tanstack/react-query";
import { createClient, refreshClients, updateClient, type ClientChange, type ClientDetails } from "../../api/admin";
import { Conflict } from "../../parts/Conflict";
import { FormDialog } from "../../parts/Dialog";
import { TextArea, TextField } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { useToast } from "../../parts/Toast";
import { useForm } from "../../parts/useForm";
import { useVersioned } from "../../parts/useVersioned";
import { asText } from "../../words";

const LABELS = {
  name: "Name",
  slug: "Short name",
  description: "Description",
  industry: "Industry",
  company_size: "Size",
  headquarters_location: "Head office",
  primary_contact_name: "Contact",
  primary_contact_email: "Contact’s e-mail",
  primary_contact_phone: "Contact’s telephone",
};
type Field = keyof typeof LABELS;
const FIELDS = Object.keys(LABELS) as Field[];

const read = (client: Partial<Record<string, unknown>>) =>
  Object.fromEntries(FIELDS.map((field) => [field, asText(client[field])])) as Record<Field, string>;

interface Props {
  /** The one to change; a new one where there is none. */
  client?: ClientDetails;
  onClose: () => void;
  onMade?: (client: ClientDetails) => void;
}

/** Makes a client account, or changes what is known of one. */
export function ClientForm({ client, onClose, onMade }: Props) {
  const queries = useQueryClient();
  const say = useToast();
  const initial = read(client ?? {});

  const done = async (saved: ClientDetails) => {
    await refreshClients(queries, saved.id);
    say({ text: client === undefined ? `“${saved.name}” is made.` : `“${saved.name}” is saved.` });
    onClose();
    onMade?.(saved);
  };
  const versioned = useVersioned({
    initial,
    version: client?.version ?? 0,
    read,
    labels: LABELS,
    put: async (version, changes) => {
      const emptied = Object.entries(changes).map(([field, value]) => [field, value.trim() === "" && field !== "name" && field !== "slug" ? null : value]);
      await done(await updateClient(client?.id ?? "", { version, ...Object.fromEntries(emptied) } as ClientChange));
    },
  });
  const form = useForm({
    initial,
    send: async (values) => {
      if (client === undefined) {
        const given = Object.entries(values).filter(([field, value]) => field === "name" || value.trim() !== "");
        await done(await createClient({ name: values.name, ...Object.fromEntries(given) }));
      } else await versioned.save(values);
    },
  });

  if (versioned.clashes !== undefined) {
    return (
      <Conflict
        what={client?.name ?? ""}
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
      title={client === undefined ? "New client account" : `Change “${client.name}”`}
      does={client === undefined ? "Make it" : "Save"}
      busy={form.busy}
      dirty={form.dirty}
      onSubmit={form.submit}
    >
      <div className="dialog-fields">
        <FormProblem problem={form.problem} />
        <div className="dialog-columns">
          <TextField label={LABELS.name} autoComplete="off" {...form.field("name")} />
          <TextField
            label={LABELS.slug}
            autoComplete="off"
            spellCheck={false}
            {...form.field("slug")}
            hint={client === undefined ? "Made of the name when left empty." : undefined}
          />
        </div>
        <TextArea label={LABELS.description} {...form.field("description")} />
        <div className="dialog-columns">
          <TextField label={LABELS.industry} {...form.field("industry")} />
          <TextField label={LABELS.company_size} {...form.field("company_size")} />
          <TextField label={LABELS.headquarters_location} {...form.field("headquarters_location")} />
          <TextField label={LABELS.primary_contact_name} autoComplete="off" {...form.field("primary_contact_name")} />
          <TextField label={LABELS.primary_contact_email} type="email" autoComplete="off" {...form.field("primary_contact_email")} />
          <TextField label={LABELS.primary_contact_phone} type="tel" autoComplete="off" {...form.field("primary_contact_phone")} />
        </div>
      </div>
    </FormDialog>
  );
}
