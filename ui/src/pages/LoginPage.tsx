import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { fromThrown, type Problem } from "../api/problem";
import { bootQuery, demoAccountsQuery, meQuery, signIn, type Credentials, type DemoAccount } from "../api/queries";
import { session } from "../api/session";
import { EnvironmentBadge } from "../app/EnvironmentBadge";
import { ThemeMenu } from "../app/ThemeMenu";
import { useTitle } from "../app/useTitle";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { WordMark } from "../parts/Mark";
import { ProblemWords } from "../parts/Notice";
import { roleName } from "../roles";

function LoginProblem({ problem }: { problem: Problem }) {
  return (
    <div className="form-problem" role="alert">
      <ProblemWords problem={problem} />
    </div>
  );
}

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
  const boot = useQuery({ ...bootQuery, enabled: false }).data;
  const accounts = useQuery(demoAccountsQuery).data ?? [];
  useTitle("Sign in");

  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  // State reaches the next render only; a double click comes sooner.
  const sending = useRef(false);
  const emailBox = useRef<HTMLInputElement>(null);

  useEffect(() => emailBox.current?.focus(), []);

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

  const wrong = (path: string) => problem?.fields.find((field) => field.path === path);

  return (
    <div className="login">
      <header className="login-bar">
        <EnvironmentBadge />
        <ThemeMenu />
      </header>
      <main className="login-sheet" id="main">
        <WordMark size={40} water={1} />
        <div className="login-columns" data-demo={accounts.length > 0 || undefined}>
          <form onSubmit={submit} noValidate aria-labelledby="login-title">
            <h1 id="login-title">Sign in</h1>
            {problem !== undefined && <LoginProblem problem={problem} />}
            <div className="field">
              <label htmlFor="email">E-mail</label>
              <input
                ref={emailBox}
                id="email"
                name="email"
                type="email"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                value={email}
                onChange={(event) => setEmail(event.target.value)}
                aria-invalid={wrong("/email") !== undefined || undefined}
                aria-describedby={wrong("/email") && "email-problem"}
              />
              {wrong("/email") && (
                <p id="email-problem" className="field-problem">
                  {wrong("/email")?.message}
                </p>
              )}
            </div>
            <div className="field">
              <label htmlFor="password">Password</label>
              <div className="field-with-button">
                <input
                  id="password"
                  name="password"
                  type={shown ? "text" : "password"}
                  autoComplete="current-password"
                  spellCheck={false}
                  autoCapitalize="none"
                  value={password}
                  onChange={(event) => setPassword(event.target.value)}
                  aria-invalid={wrong("/password") !== undefined || undefined}
                  aria-describedby={wrong("/password") && "password-problem"}
                />
                <Button
                  look="quiet"
                  className="button-icon"
                  aria-label="Show the password"
                  aria-pressed={shown}
                  onClick={() => setShown(!shown)}
                >
                  <Icon name={shown ? "eyeOff" : "eye"} />
                </Button>
              </div>
              {wrong("/password") && (
                <p id="password-problem" className="field-problem">
                  {wrong("/password")?.message}
                </p>
              )}
            </div>
            <Button look="primary" type="submit" busy={busy} className="login-submit">
              Sign in
            </Button>
          </form>
          {accounts.length > 0 && <Personas accounts={accounts} onChoose={choose} busy={busy} />}
        </div>
        {boot !== undefined && <p className="quiet login-foot">Drydock {boot.version}. Everything stays on this machine.</p>}
      </main>
    </div>
  );
}
