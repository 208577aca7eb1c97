import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { environmentQuery, presetsQuery, type Rule } from "../../api/deploy";
import { fromThrown } from "../../api/problem";
import { Button } from "../../parts/Button";
import { NoRight } from "../../parts/Empty";
import { Check, TextField } from "../../parts/Field";
import { ProblemView } from "../../parts/ProblemView";
import { Calls } from "./Calls";
import { useSettled } from "./useSettled";
import "./deploy.css";

const FRONT_END = "https://aiforce-assess.vercel.app";

/** `NAME=value` lines, as an env file has them; comments and what has no = are left out. */
export function variablesOf(text: string): Record<string, string> {
  const pairs = text.split("\n").flatMap((line): [string, string][] => {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.trim()]];
  });
  return Object.fromEntries(pairs);
}

/** What one rule concludes, and what then comes of calls. */
function RuleView({ rule }: { rule: Rule }) {
  const id = useId();
  return (
    <section className="rule" aria-labelledby={id}>
      <h2 id={id}>{rule.title}</h2>
      {rule.environment === null || rule.environment === undefined ? (
        <p className="said">Refuses to start: {rule.because}</p>
      ) : (
        <>
          <p>
            Concludes <strong>{rule.environment}</strong>. <span className="quiet">{rule.because}</span>
          </p>
          {rule.origins.length === 0 ? (
            <p className="quiet">Lets in its own page alone.</p>
          ) : (
            <details>
              <summary>
                Lets in {rule.origins.length} {rule.origins.length === 1 ? "origin" : "origins"}
              </summary>
              <ul className="origins">
                {rule.origins.map((origin) => (
                  <li key={origin}>
                    <code>{origin}</code>
                  </li>
                ))}
              </ul>
            </details>
          )}
          <Calls calls={rule.calls} of={rule.title} />
        </>
      )}
    </section>
  );
}

/** What rules make of a deployment's variables, tried on a real port; for platform administrators. */
export function EnvironmentPage() {
  const id = useId();
  const [text, setText] = useState("");
  const [origin, setOrigin] = useState(FRONT_END);
  const [authenticationOutermost, setAuthenticationOutermost] = useState(false);
  const [errorsInside, setErrorsInside] = useState(false);
  const presets = useQuery(presetsQuery);
  const question = useSettled(
    JSON.stringify({
      variables: variablesOf(text),
      origin,
      authentication_outermost: authenticationOutermost,
      errors_inside: errorsInside,
    }),
    300,
  );
  const answer = useQuery({
    ...environmentQuery(JSON.parse(question) as Parameters<typeof environmentQuery>[0]),
    placeholderData: keepPreviousData,
  });

  if (answer.isError && answer.data === undefined) {
    const problem = fromThrown(answer.error);
    if (problem.code === "permission.denied") {
      return (
        <NoRight what="environments" whom="A platform administrator">
          <p className="quiet">{problem.nextStep}</p>
        </NoRight>
      );
    }
    return <ProblemView error={answer.error} onRetry={() => void answer.refetch()} />;
  }

  return (
    <div className="deploy">
      <header className="page-head">
        <div>
          <h1>Environment</h1>
          <p className="quiet">
            Set the variables of a deployment. Each rule says what it takes it for and whom it lets in; then an API is started on a port of this
            machine and called as a browser would.
          </p>
        </div>
      </header>
      <div className="presets" role="group" aria-label="Begin with the variables of">
        {(presets.data ?? []).map((preset) => (
          <Button
            key={preset.id}
            onClick={() => setText(preset.variables.map(({ name, value }) => `${name}=${value}`).join("\n"))}
          >
            {preset.title}
          </Button>
        ))}
      </div>
      <div className="environment-question">
        <div className="field">
          <label htmlFor={`${id}-variables`}>Variables</label>
          <textarea
            id={`${id}-variables`}
            className="variables"
            rows={8}
            value={text}
            spellCheck={false}
            autoComplete="off"
            placeholder={`APP_ENV=production\nALLOWED_ORIGINS=${FRONT_END}`}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <div>
          <TextField
            label="The page that calls"
            value={origin}
            onText={setOrigin}
            autoComplete="off"
            spellCheck={false}
            problem={answer.data?.origin_flaw ?? undefined}
          />
          <fieldset className="stack">
            <legend>The original's middleware</legend>
            <Check
              label="Authentication lies outside of CORS"
              checked={authenticationOutermost}
              onCheck={setAuthenticationOutermost}
            />
            <Check label="Exceptions are caught inside of CORS" checked={errorsInside} onCheck={setErrorsInside} />
          </fieldset>
        </div>
      </div>
      <p role="status" className="hidden">
        {answer.isFetching ? "Trying." : "Tried."}
      </p>
      <div className="rules" aria-busy={answer.isFetching || undefined}>
        {(answer.data?.rules ?? []).map((rule) => (
          <RuleView key={rule.id} rule={rule} />
        ))}
      </div>
    </div>
  );
}
