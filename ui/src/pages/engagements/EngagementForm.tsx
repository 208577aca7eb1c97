import { useQueryClient } from "@tanstack/react-query";
import {
  createEngagement,
  refreshEngagements,
  updateEngagement,
  type Engagement,
} from "../../api/admin";
import { Conflict } from "../../parts/Conflict";
import { FormDialog } from "../../parts/Dialog";
import { SelectField, TextArea, TextField } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { useToast } from "../../parts/Toast";
import { useForm } from "../../parts/useForm";
import { useVersioned } from "../../parts/useVersioned";
import { asText, label } from "../../words";

const LABELS = {
  name: "Name",
  slug: "Short name",
  description: "Description",
  engagement_type: "Kind",
  status: "Status",
  priority: "Priority",
  start_date: "Starts",
  target_completion_date: "Due",
  client_contact_name: "Contact",
  client_contact_email: "Contact’s e-mail",
};
type Field = keyof typeof LABELS;
type Values = Record<Field, string>;
const FIELDS = Object.keys(LABELS) as Field[];
const DATES: readonly string[] = ["start_date", "target_completion_date"];
/** What can't be emptied. */
const NEEDED: readonly string[] = ["name", "slug", "engagement_type", "status", "priority"];
export const OPEN = ["planning", "active", "on_hold"];
const PRIORITIES = ["low", "medium", "high", "critical"];

const read = (engagement: Partial<Record<string, unknown>>) =>
  Object.fromEntries(
    FIELDS.map((field) => [field, DATES.includes(field) ? asText(engagement[field]).slice(0, 10) : asText(engagement[field])]),
  ) as Values;

/** As the API takes them: days as the beginning of the day, nothing as null. */
const written = (changes: Partial<Values>) =>
  Object.fromEntries(
    Object.entries(changes).map(([field, value]) => {
      if (value.trim() === "" && !NEEDED.includes(field)) return [field, null];
      return [field, DATES.includes(field) ? `${value}T00:00:00Z` : value];
    }),
  );

const options = (values: readonly string[]) => values.map((value) => ({ value, label: label(value) }));

interface Props {
  clientId: string;
  /** The one to change; a new one where there is none. */
  engagement?: Engagement;
  onClose: () => void;
}

/** Begins an engagement, or changes what is known of one. */
export function EngagementForm({ clientId, engagement, onClose }: Props) {
  const queries = useQueryClient();
  const say = useToast();
  const initial = read(engagement ?? { engagement_type: "migration", status: "planning", priority: "medium" });

  const done = async (saved: Engagement) => {
    await refreshEngagements(queries, clientId);
    say({ text: engagement === undefined ? `“${saved.name}” has begun.` : `“${saved.name}” is saved.` });
    onClose();
  };
  const versioned = useVersioned({
    initial,
    version: engagement?.version ?? 0,
    read,
    labels: LABELS,
    put: async (version, changes) =>
      done(await updateEngagement(clientId, engagement?.id ?? "", { version, ...written(changes) })),
  });
  const form = useForm<Values>({
    initial,
    send: async (values) => {
      if (engagement !== undefined) {
        await versioned.save(values);
        return;
      }
      const given = Object.fromEntries(Object.entries(values).filter(([field, value]) => field === "name" || value.trim() !== ""));
      await done(await createEngagement(clientId, { name: values.name, ...written(given) }));
    },
  });

  if (versioned.clashes !== undefined) {
    return (
      <Conflict
        what={engagement?.name ?? ""}
        clashes={versioned.clashes}
        onChoose={(yours) => void versioned.choose(yours)}
        onClose={versioned.forget}
      />
    );
  }
  const closed = engagement !== undefined && !OPEN.includes(engagement.status);
  return (
    <FormDialog
      open
      wide
      onOpen={(open) => open || onClose()}
      title={engagement === undefined ? "New engagement" : `Change “${engagement.name}”`}
      does={engagement === undefined ? "Begin it" : "Save"}
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
            hint={engagement === undefined ? "Made of the name when left empty." : undefined}
          />
        </div>
        <TextArea label={LABELS.description} {...form.field("description")} />
        <div className="dialog-columns">
          <SelectField
            label={LABELS.status}
            {...form.field("status")}
            options={options(closed ? [engagement.status] : OPEN)}
            hint={closed ? "Open it again to change this." : undefined}
          />
          <SelectField label={LABELS.priority} {...form.field("priority")} options={options(PRIORITIES)} />
          <TextField label={LABELS.start_date} type="date" {...form.field("start_date")} />
          <TextField label={LABELS.target_completion_date} type="date" {...form.field("target_completion_date")} />
          <TextField label={LABELS.client_contact_name} autoComplete="off" {...form.field("client_contact_name")} />
          <TextField label={LABELS.client_contact_email} type="email" autoComplete="off" {...form.field("client_contact_email")} />
        </div>
      </div>
    </FormDialog>
  );
}
