import { useQueryClient } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { fromThrown, type Problem } from "../../api/problem";
import { meQuery, setUp, setupQuery } from "../../api/queries";
import { session } from "../../api/session";
import { useTitle } from "../../app/useTitle";
import { Button } from "../../parts/Button";
import { PasswordField, TextField } from "../../parts/Field";
import { PasswordRules } from "../../parts/PasswordRules";
import { FormProblem } from "../../parts/FormProblem";
import { Entrance } from "./Entrance";

const FIELDS = ["/first_name", "/last_name", "/email", "/password"] as const;

/** Asks for the first account, where a database has none, and goes in with it. */
export function SetupPage() {
  const router = useRouter();
  const queries = useQueryClient();
  useTitle("Set up");

  const [person, setPerson] = useState({ first_name: "", last_name: "", email: "", password: "" });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  // State reaches the next render only; a double click comes sooner.
  const sending = useRef(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  // The first field that is wrong is where one goes on.
  useEffect(() => {
    if (problem !== undefined) form.current?.querySelector<HTMLInputElement>("[aria-invalid]")?.focus();
  }, [problem]);

  const send = async () => {
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      const { token } = await setUp(person);
      session.begin(token.access_token);
      queries.setQueryData(setupQuery.queryKey, false);
      queries.removeQueries({ queryKey: meQuery.queryKey });
      await router.navigate({ to: "/", replace: true });
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    } finally {
      sending.current = false;
      setBusy(false);
    }
  };

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void send();
  };

  const set = (field: keyof typeof person) => (value: string) => setPerson({ ...person, [field]: value });
  const wrong = (path: (typeof FIELDS)[number]) => problem?.fields.find((field) => field.path === path)?.message;
  const elsewhere = problem !== undefined && FIELDS.every((path) => wrong(path) === undefined);

  return (
    <Entrance>
      <form className="setup" ref={form} onSubmit={submit} noValidate aria-labelledby="setup-title">
        <div className="setup-head">
          <h1 id="setup-title">Set up the first account</h1>
          <p className="quiet">
            This database has no user yet. The account you make here administers the platform; it is kept in the database on
            this machine and nowhere else.
          </p>
        </div>
        {elsewhere && (
          <FormProblem problem={problem}>
            {problem.code === "setup.done" && (
              <p>
                <Link to="/login">Go to sign-in</Link>
              </p>
            )}
          </FormProblem>
        )}
        <div className="setup-names">
          <TextField
            label="First name"
            name="first_name"
            autoComplete="given-name"
            value={person.first_name}
            onText={set("first_name")}
            problem={wrong("/first_name")}
          />
          <TextField
            label="Last name, if any"
            name="last_name"
            autoComplete="family-name"
            value={person.last_name}
            onText={set("last_name")}
            problem={wrong("/last_name")}
          />
        </div>
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          value={person.email}
          onText={set("email")}
          problem={wrong("/email")}
          hint="You sign in with it. No mail is sent."
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          value={person.password}
          onText={set("password")}
          problem={wrong("/password")}
          hint={<PasswordRules password={person.password} />}
        />
        <Button look="primary" type="submit" busy={busy} className="login-submit">
          Create account and sign in
        </Button>
      </form>
    </Entrance>
  );
}
