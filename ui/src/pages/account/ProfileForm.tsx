import { useQueryClient } from "@tanstack/react-query";
import { changeProfile, profileQuery, type OwnProfile } from "../../api/account";
import { meQuery } from "../../api/queries";
import { Button } from "../../parts/Button";
import { Check, TextField } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { useToast } from "../../parts/Toast";
import { Unsaved } from "../../parts/Unsaved";
import { useForm } from "../../parts/useForm";

const MESSAGES = [
  { name: "email", label: "Send me messages by e-mail", hint: "Drydock itself sends none; the platform does." },
  { name: "system_alerts", label: "What happens to the platform" },
  { name: "learning_updates", label: "What the platform has learned" },
  { name: "weekly_reports", label: "A report every week" },
] as const;

/** What one says about oneself. */
export function ProfileForm({ profile }: { profile: OwnProfile }) {
  const queries = useQueryClient();
  const say = useToast();
  const { first_name, last_name, organization, role_description, phone_number, manager_email, notifications: chosen } = profile;
  const form = useForm({
    initial: { first_name, last_name, organization, role_description, phone_number, manager_email, notifications: chosen },
    send: async (values) => {
      queries.setQueryData(profileQuery.queryKey, await changeProfile(values));
      void queries.invalidateQueries({ queryKey: meQuery.queryKey, exact: true });
      say({ text: "Your profile is saved." });
    },
  });
  const { notifications } = form.values;

  return (
    <form onSubmit={form.submit} noValidate aria-labelledby="profile-title" className="profile">
      <FormProblem problem={form.problem} />
      <div className="profile-fields">
        <TextField {...form.field("first_name")} label="First name" autoComplete="given-name" />
        <TextField {...form.field("last_name")} label="Last name, if any" autoComplete="family-name" />
        <TextField {...form.field("organization")} label="Organisation" autoComplete="organization" />
        <TextField {...form.field("role_description")} label="What you do there" autoComplete="organization-title" />
        <TextField {...form.field("phone_number")} label="Telephone" type="tel" autoComplete="tel" />
        <TextField {...form.field("manager_email")} label="Your manager's e-mail" type="email" autoComplete="off" />
      </div>
      <fieldset className="profile-messages">
        <legend>Messages</legend>
        {MESSAGES.map(({ name, label, ...rest }) => (
          <Check
            key={name}
            {...rest}
            name={name}
            label={label}
            checked={notifications[name]}
            onCheck={(on) => form.set("notifications", { ...notifications, [name]: on })}
          />
        ))}
      </fieldset>
      <div className="profile-actions">
        <Button look="primary" type="submit" busy={form.busy} aria-disabled={!form.dirty || undefined}>
          Save profile
        </Button>
        {form.dirty && <Button onClick={() => form.reset()}>Discard changes</Button>}
      </div>
      <Unsaved dirty={form.dirty && !form.busy} />
    </form>
  );
}
