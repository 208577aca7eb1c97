import { useQueryClient } from "@tanstack/react-query";
import {
  createEngagement,
  refreshEngagements,
  updateEngagement,
  type Engagement,
} from "../../api/admin";
import { SelectField, TextField } from "../../parts/Field";
import { NamedForm } from "../../parts/NamedForm";
import { asText, label } from "../../words";
import { isClosed, OPEN } from "./status";

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
  const closed = engagement !== undefined && isClosed(engagement);
  return (
    <NamedForm<Field, Engagement>
      existing={engagement}
      initial={read(engagement ?? { engagement_type: "migration", status: "planning", priority: "medium" })}
      read={read}
      labels={LABELS}
      words={{ title: "New engagement", does: "Begin it", made: "has begun" }}
      create={(given) => createEngagement(clientId, { name: given.name, ...written(given) })}
      update={(version, changes) => updateEngagement(clientId, engagement?.id ?? "", { version, ...written(changes) })}
      onSaved={() => refreshEngagements(queries, clientId)}
      onClose={onClose}
    >
      {(field) => (
        <>
          <SelectField
            label={LABELS.status}
            {...field("status")}
            options={options(closed ? [engagement.status] : OPEN)}
            hint={closed ? "Open it again to change this." : undefined}
          />
          <SelectField label={LABELS.priority} {...field("priority")} options={options(PRIORITIES)} />
          <TextField label={LABELS.start_date} type="date" {...field("start_date")} />
          <TextField label={LABELS.target_completion_date} type="date" {...field("target_completion_date")} />
          <TextField label={LABELS.client_contact_name} autoComplete="off" {...field("client_contact_name")} />
          <TextField label={LABELS.client_contact_email} type="email" autoComplete="off" {...field("client_contact_email")} />
        </>
      )}
    </NamedForm>
  );
}
