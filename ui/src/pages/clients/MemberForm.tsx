import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { grantAccess, membersQuery, putMember, type Member } from "../../api/admin";
import { fromThrown, Problem } from "../../api/problem";
import { engagementsQuery } from "../../api/queries";
import { FormDialog } from "../../parts/Dialog";
import { SelectField, TextField } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { useToast } from "../../parts/Toast";
import { useForm } from "../../parts/useForm";
import { roleName } from "../../roles";
import { label } from "../../words";
import { dayOf, endOfDay, levelOptions, roleOptions, ROLES, usualLevel } from "./choices";

interface Props {
  clientId: string;
  /** Whose place to change; somebody new where there is none. */
  member?: Member;
  /** Whether every role is to be had, or those below an engagement manager's. */
  mayAssign: boolean;
  onClose: () => void;
}

const SAME = "same";
const CLOSED = "closed";

/** Gives somebody a place in a client account, or another one. */
export function MemberForm({ clientId, member, mayAssign, onClose }: Props) {
  const queries = useQueryClient();
  const say = useToast();
  const engagements = useQuery({ ...engagementsQuery(clientId), enabled: member !== undefined });
  const [own, setOwn] = useState<ReadonlyMap<string, string>>(
    // What is the same as in the client account follows it.
    () =>
      new Map(
        member?.engagements
          .filter((one) => one.access_level !== member.access_level)
          .map((one) => [one.engagement_id, one.access_level ?? CLOSED]),
      ),
  );
  const [version, setVersion] = useState(member?.version);
  const [theirs, setTheirs] = useState<string>();

  const form = useForm({
    initial: {
      email: "",
      role: member?.role ?? "viewer",
      access_level: member?.access_level ?? "read_only",
      expires_at: dayOf(member?.expires_at),
    },
    send: async ({ email, role, access_level, expires_at: until }) => {
      const expires_at = endOfDay(until);
      try {
        const saved =
          member === undefined
            ? await grantAccess({ client_account_id: clientId, email, role, access_level, expires_at })
            : await putMember(clientId, member.user_id, {
                role,
                access_level,
                expires_at,
                engagements: [...own]
                  .filter(([, level]) => level !== SAME)
                  .map(([engagement_id, level]) => ({ engagement_id, access_level: level === CLOSED ? null : level })),
                ...(version !== undefined && { version }),
              });
        await queries.invalidateQueries({ queryKey: membersQuery(clientId).queryKey });
        say({ text: `${saved.full_name} has access as ${roleName(saved.role).toLowerCase()}.` });
        onClose();
      } catch (thrown) {
        const problem = fromThrown(thrown);
        const current = problem.code === "conflict.stale" ? (problem.current as Member | undefined) : undefined;
        if (current === undefined) throw thrown;
        setVersion(current.version);
        setTheirs(`${roleName(current.role)}, ${label(current.access_level).toLowerCase()}, ${label(current.status).toLowerCase()}`);
        throw new Problem({
          code: problem.code,
          status: problem.status,
          title: problem.title,
          detail: problem.detail,
          nextStep: "Compare it with what you have chosen. Saving again replaces it.",
        });
      }
    },
  });
  const roles = mayAssign ? ROLES : ROLES.filter((role) => role === "viewer" || role === "analyst");
  const level = (id: string, value: string) => setOwn((before) => new Map(before).set(id, value));

  return (
    <FormDialog
      open
      wide={member !== undefined}
      onOpen={(open) => open || onClose()}
      title={member === undefined ? "Give somebody access" : `Access of ${member.full_name}`}
      does={member === undefined ? "Give access" : "Save"}
      busy={form.busy}
      dirty={form.dirty}
      onSubmit={form.submit}
    >
      <div className="dialog-fields">
        <FormProblem problem={form.problem}>
          {theirs !== undefined && (
            <p>
              It is now: <strong>{theirs}</strong>.
            </p>
          )}
        </FormProblem>
        {member === undefined && (
          <TextField
            label="E-mail"
            type="email"
            autoComplete="off"
            {...form.field("email")}
            hint="Of somebody whose registration has been approved."
          />
        )}
        <div className="dialog-columns">
          <SelectField
            label="Role"
            {...form.field("role")}
            onText={(role) => {
              form.set("role", role);
              form.set("access_level", usualLevel(role));
            }}
            options={roleOptions(roles)}
          />
          <SelectField label="Access" {...form.field("access_level")} options={levelOptions} />
        </div>
        <TextField label="Until" type="date" {...form.field("expires_at")} hint="The last day; empty for no end." />
        {member !== undefined && (engagements.data?.length ?? 0) > 0 && (
          <fieldset className="grants">
            <legend>In engagements</legend>
            {engagements.data?.map(({ id, name }) => (
              <SelectField
                key={id}
                label={name}
                value={own.get(id) ?? SAME}
                onText={(value) => level(id, value)}
                options={[{ value: SAME, label: "As in the client account" }, ...levelOptions, { value: CLOSED, label: "Closed" }]}
              />
            ))}
          </fieldset>
        )}
      </div>
    </FormDialog>
  );
}
