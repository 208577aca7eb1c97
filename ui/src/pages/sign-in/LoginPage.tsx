import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { fromThrown, type Problem } from "../../api/problem";
import { demoAccountsQuery, meQuery, signIn, type Credentials, type DemoAccount } from "../../api/queries";
import { session } from "../../api/session";
import { useTitle } from "../../app/useTitle";
import { Button } from "../../parts/Button";
import { PasswordField, TextField } from "../../parts/Field";
import { roleName } from "../../roles";
import { FormProblem } from "../../parts/FormProblem";
import { Entrance } from "./Entrance";

function Personas({ accounts, onChoose, busy }: { accounts: DemoAccount[]; onChoose: (account: DemoAccount) => void; busy: boolean }) {
  return (
    <section className="personas" aria-labelledby="personas-title">
      <h2 id="personas-title">Demo accounts</h2>
      <p className="quiet">One click fills the form and signs in.</p>
      <ul>
        {accounts.map((account) => (
          <li key={account.email}>
            <button type="button" className="persona" aria-disabled={busy || undefined} onClick={() => onChoose(account)}>
              <span className="persona-name">{account.full_name}</span>
              <span className="persona-role">{roleName(account.role)}</span>
              <span className="persona-clients">{account.client_accounts.join(", ")}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Signs in and goes on to the page first asked for. */
export function LoginPage() {
  const router = useRouter();
  const queries = useQueryClient();
  const { redirect } = useSearch({ from: "/login" });
  const accounts = useQuery(demoAccountsQuery).data ?? [];
  useTitle("Sign in");

  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  // State reaches the next render only; a double click comes sooner.
  const sending = useRef(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => form.current?.querySelector("input")?.focus(), []);

  const enter = async (credentials: Credentials) => {
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      const { token } = await signIn(credentials);
      session.begin(token.access_token);
      queries.removeQueries({ queryKey: meQuery.queryKey });
      await router.navigate({ href: redirect ?? "/", replace: true });
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    } finally {
      sending.current = false;
      setBusy(false);
    }
  };

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void enter({ email, password });
  };

  const choose = (account: DemoAccount) => {
    setEmail(account.email);
    setPassword(account.password);
    void enter({ email: account.email, password: account.password });
  };

  const wrong = (path: string) => problem?.fields.find((field) => field.path === path)?.message;

  return (
    <Entrance>
      <div className="login-columns" data-demo={accounts.length > 0 || undefined}>
        <form ref={form} onSubmit={submit} noValidate aria-labelledby="login-title">
          <h1 id="login-title">Sign in</h1>
          {problem !== undefined && <FormProblem problem={problem} />}
          <TextField
            id="email"
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={email}
            onText={setEmail}
            problem={wrong("/email")}
          />
          <PasswordField
            id="password"
            label="Password"
            name="password"
            autoComplete="current-password"
            value={password}
            onText={setPassword}
            problem={wrong("/password")}
          />
          <Button look="primary" type="submit" busy={busy} className="login-submit">
            Sign in
          </Button>
          <p className="quiet">
            No account yet? <Link to="/register">Register</Link>
          </p>
        </form>
        {accounts.length > 0 && <Personas accounts={accounts} onChoose={choose} busy={busy} />}
      </div>
    </Entrance>
  );
}
