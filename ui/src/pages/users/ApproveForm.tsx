import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { approveUser, refreshUser, userQuery, type UserSummary } from "../../api/admin";
import { clientsQuery } from "../../api/queries";
import { FormDialog } from "../../parts/Dialog";
import { Check, SelectField, TextArea, TextField } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { useToast } from "../../parts/Toast";
import { useForm } from "../../parts/useForm";
import { endOfDay, levelOptions, roleOptions, ROLES, usualLevel } from "../clients/choices";

const ROLE_OF_LEVEL: Record<string, string> = {
  read_only: "viewer",
  read_write: "analyst",
  admin: "engagement_manager",
  super_admin: "client_admin",
};

/** Lets somebody in who has registered: role, how far, which client accounts, until when. */
export function ApproveForm({ user, onClose }: { user: UserSummary; onClose: () => void }) {
  const queries = useQueryClient();
  const say = useToast();
  const clients = useQuery(clientsQuery);
  const details = useQuery(userQuery(user.id));
  // At first those that were asked for.
  const [chosen, setChosen] = useState<ReadonlySet<string>>();
  const asked = new Set(details.data?.client_access.map(({ client_account_id }) => client_account_id));
  const wanted = chosen ?? asked;

  const form = useForm({
    initial: {
      role: ROLE_OF_LEVEL[user.requested_access_level] ?? "viewer",
      access_level: user.requested_access_level,
      expires_at: "",
      notes: "",
      // Held apart from the form; what is wrong with them is told by this name.
      clients: "",
    },
    paths: { role: "/role_name", notes: "/approval_notes", clients: "/client_access" },
    send: async ({ role, access_level, expires_at, notes }) => {
      const approved = await approveUser({
        user_id: user.id,
        role_name: role,
        access_level,
        client_access: [...wanted].map((client_account_id) => ({ client_account_id, expires_at: endOfDay(expires_at) })),
        ...(notes.trim() !== "" && { approval_notes: notes }),
      });
      await refreshUser(queries, approved);
      say({ text: `${approved.full_name} may sign in now.` });
      onClose();
    },
  });
  const everywhere = form.values.role === "platform_admin";

  return (
    <FormDialog
      open
      wide
      onOpen={(open) => open || onClose()}
      title={`Approve ${user.full_name}`}
      does="Approve"
      busy={form.busy}
      dirty={form.dirty}
      onSubmit={form.submit}
    >
      <div className="dialog-fields">
        <FormProblem problem={form.problem} />
        <p className="quiet">
          {[user.email, user.role_description, user.organization].filter((one) => one != null && one !== "").join(", ")}
          {user.registration_reason != null && `: “${user.registration_reason}”`}
        </p>
        <div className="dialog-columns">
          <SelectField
            label="Role"
            {...form.field("role")}
            onText={(role) => {
              form.set("role", role);
              form.set("access_level", role === "platform_admin" ? "super_admin" : usualLevel(role));
            }}
            options={roleOptions([...ROLES, "platform_admin"])}
          />
          <SelectField label="Access" {...form.field("access_level")} options={levelOptions} />
        </div>
        {everywhere ? (
          <p>A platform admin has access to every client account.</p>
        ) : (
          <>
            <fieldset className="grants">
              <legend>Client accounts</legend>
              {form.wrong("clients") !== undefined && (
                <p className="field-problem" role="alert">
                  {form.wrong("clients")}
                </p>
              )}
              {clients.data?.map(({ id, name }) => (
                <Check
                  key={id}
                  label={asked.has(id) ? `${name} (asked for)` : name}
                  checked={wanted.has(id)}
                  onCheck={(on) => {
                    const next = new Set(wanted);
                    if (on) next.add(id);
                    else next.delete(id);
                    setChosen(next);
                  }}
                />
              ))}
            </fieldset>
            <TextField label="Until" type="date" {...form.field("expires_at")} hint="The last day; empty for no end." />
          </>
        )}
        <TextArea label="Remarks for the audit trail" rows={2} {...form.field("notes")} />
      </div>
    </FormDialog>
  );
}
