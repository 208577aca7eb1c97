import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { register } from "../../api/admin";
import { useTitle } from "../../app/useTitle";
import { Button } from "../../parts/Button";
import { PasswordField, SelectField, TextArea, TextField } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { PasswordRules } from "../../parts/PasswordRules";
import { Unsaved } from "../../parts/Unsaved";
import { useForm } from "../../parts/useForm";
import { levelOptions } from "../clients/choices";
import { Entrance } from "./Entrance";

/** Asks for an account. */
export function RegisterPage() {
  useTitle("Register");
  const [sent, setSent] = useState(false);
  const form = useForm({
    initial: {
      full_name: "",
      email: "",
      password: "",
      organization: "",
      role_description: "",
      registration_reason: "",
      requested_access_level: "read_only",
      phone_number: "",
      manager_email: "",
    },
    send: async ({ organization, phone_number, manager_email, ...needed }) => {
      const given = Object.entries({ organization, phone_number, manager_email }).filter(([, value]) => value.trim() !== "");
      await register({ ...needed, ...Object.fromEntries(given) });
      setSent(true);
    },
  });

  if (sent) {
    return (
      <Entrance>
        <div className="setup" role="status">
          <div className="setup-head">
            <h1>Your registration was received</h1>
            <p>
              A platform admin decides on it. You can sign in with {form.values.email.trim()} and your password once it is approved;
              no mail is sent.
            </p>
          </div>
          <p>
            <Link to="/login" className="button button-primary">
              Go to sign-in
            </Link>
          </p>
        </div>
      </Entrance>
    );
  }
  return (
    <Entrance>
      <Unsaved dirty={form.dirty && !sent} />
      <form
        className="setup"
        onSubmit={form.submit}
        noValidate
        aria-labelledby="register-title"
       
      >
        <div className="setup-head">
          <h1 id="register-title">Register</h1>
          <p className="quiet">
            Ask for an account on this installation. Have one already? <Link to="/login">Sign in</Link>
          </p>
        </div>
        <FormProblem problem={form.problem} />
        <TextField label="Full name" autoComplete="name" {...form.field("full_name")} />
        <TextField label="E-mail" type="email" autoComplete="username" autoCapitalize="none" spellCheck={false} {...form.field("email")} />
        <PasswordField
          label="Password"
          autoComplete="new-password"
          {...form.field("password")}
          hint={<PasswordRules password={form.values.password} />}
        />
        <TextField label="Organisation, if any" autoComplete="organization" {...form.field("organization")} />
        <TextField label="What you do there" autoComplete="organization-title" {...form.field("role_description")} />
        <TextArea label="Why you ask" {...form.field("registration_reason")} hint="At least 10 characters; for whoever decides." />
        <SelectField label="Access you need" {...form.field("requested_access_level")} options={levelOptions} />
        <div className="setup-names">
          <TextField label="Telephone, if any" type="tel" autoComplete="tel" {...form.field("phone_number")} />
          <TextField label="Manager’s e-mail" type="email" autoComplete="off" {...form.field("manager_email")} />
        </div>
        <Button look="primary" type="submit" busy={form.busy} className="login-submit">
          Register
        </Button>
      </form>
    </Entrance>
  );
}
