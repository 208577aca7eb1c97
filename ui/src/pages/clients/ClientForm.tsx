import { useQueryClient } from "@tanstack/react-query";
import { createClient, refreshClients, updateClient, type ClientDetails } from "../../api/admin";
import { TextField } from "../../parts/Field";
import { NamedForm } from "../../parts/NamedForm";
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
/** What can't be emptied. */
const NEEDED: readonly string[] = ["name", "slug"];

const read = (client: Partial<Record<string, unknown>>) =>
  Object.fromEntries(FIELDS.map((field) => [field, asText(client[field])])) as Record<Field, string>;

/** As the API takes them: nothing as null. */
const written = (changes: Partial<Record<Field, string>>) =>
  Object.fromEntries(Object.entries(changes).map(([field, value]) => [field, value.trim() === "" && !NEEDED.includes(field) ? null : value]));

interface Props {
  /** The one to change; a new one where there is none. */
  client?: ClientDetails;
  onClose: () => void;
  onMade?: (client: ClientDetails) => void;
}

/** Makes a client account, or changes what is known of one. */
export function ClientForm({ client, onClose, onMade }: Props) {
  const queries = useQueryClient();
  return (
    <NamedForm<Field, ClientDetails>
      existing={client}
      initial={read(client ?? {})}
      read={read}
      labels={LABELS}
      words={{ title: "New client account", does: "Make it", made: "is made" }}
      create={createClient}
      update={(version, changes) => updateClient(client?.id ?? "", { version, ...written(changes) })}
      onSaved={async (saved) => {
        await refreshClients(queries, saved.id);
        onMade?.(saved);
      }}
      onClose={onClose}
    >
      {(field) => (
        <>
          <TextField label={LABELS.industry} {...field("industry")} />
          <TextField label={LABELS.company_size} {...field("company_size")} />
          <TextField label={LABELS.headquarters_location} {...field("headquarters_location")} />
          <TextField label={LABELS.primary_contact_name} autoComplete="off" {...field("primary_contact_name")} />
          <TextField label={LABELS.primary_contact_email} type="email" autoComplete="off" {...field("primary_contact_email")} />
          <TextField label={LABELS.primary_contact_phone} type="tel" autoComplete="off" {...field("primary_contact_phone")} />
        </>
      )}
    </NamedForm>
  );
}
