import { useEffect, useState } from "react";
import { readUrl, type UrlAnswer, type UrlConsumer } from "../../api/deploy";
import { fromThrown, type Problem } from "../../api/problem";
import { Button } from "../../parts/Button";
import { Empty, NoRight } from "../../parts/Empty";
import { Check, PasswordField } from "../../parts/Field";
import { Icon } from "../../parts/Icon";
import { ProblemNotice } from "../../parts/Notice";
import { useToast } from "../../parts/Toast";
import { useSettled } from "./useSettled";
import "./deploy.css";

const OUTCOMES = { accepted: "Accepts it", misread: "Misreads it", refused: "Refuses it" } as const;

/** What one reader of a URL does with it, and the form to give it. */
function Consumer({ row, onCopy }: { row: UrlConsumer; onCopy: (row: UrlConsumer) => void }) {
  return (
    <li className="consumer" data-outcome={row.outcome}>
      <div className="consumer-head">
        <h3>{row.title}</h3>
        <span className={row.outcome === "accepted" ? "verdict" : "verdict verdict-bad"}>
          <Icon name={row.outcome === "accepted" ? "check" : "alert"} />
          {OUTCOMES[row.outcome]}
        </span>
      </div>
      {row.says !== null && row.says !== undefined && <p className={row.outcome === "accepted" ? "quiet" : "said"}>{row.says}</p>}
      {row.form !== null && row.form !== undefined && (
        <div className="form-to-use">
          <span className="form-label">Use</span>
          <code>{row.form}</code>
          <Button look="quiet" aria-label={`Copy the form for ${row.title}, with its password`} onClick={() => onCopy(row)}>
            <Icon name="copy" />
            Copy
          </Button>
        </div>
      )}
      {row.notes.map((note) => (
        <p key={note} className="quiet">
          {note}
        </p>
      ))}
    </li>
  );
}

/** A connection URL as each of its readers sees it; for platform administrators. What is typed is kept nowhere. */
export function UrlPage() {
  const [url, setUrl] = useState("");
  const [withoutTls, setWithoutTls] = useState(false);
  const [answer, setAnswer] = useState<UrlAnswer>();
  const [problem, setProblem] = useState<Problem>();
  const settled = useSettled(url);
  const toast = useToast();

  useEffect(() => {
    const ended = new AbortController();
    readUrl(settled, withoutTls, false, ended.signal).then(
      (read) => {
        setAnswer(read);
        setProblem(undefined);
      },
      (thrown: unknown) => {
        if (!ended.signal.aborted) setProblem(fromThrown(thrown));
      },
    );
    return () => ended.abort();
  }, [settled, withoutTls]);

  const copy = async (row: UrlConsumer) => {
    try {
      const revealed = await readUrl(url, withoutTls, true);
      const form = revealed.consumers.find(({ id }) => id === row.id)?.form;
      if (form === null || form === undefined) return;
      await navigator.clipboard.writeText(form);
      toast({ text: `Copied for ${row.title}, with its password.` });
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    }
  };

  if (problem?.code === "permission.denied") {
    return (
      <NoRight what="connection URLs" whom="A platform administrator">
        <p className="quiet">{problem.nextStep}</p>
      </NoRight>
    );
  }
  const empty = settled === "";

  return (
    <div className="deploy">
      <header className="page-head">
        <div>
          <h1>Connection URL</h1>
          <p className="quiet">
            What each consumer of a DATABASE_URL does with it, in its own words, and the form it wants. Nothing of it is kept or logged.
          </p>
        </div>
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      <div className="url-question">
        <PasswordField
          label="DATABASE_URL"
          value={url}
          onText={setUrl}
          autoComplete="off"
          spellCheck={false}
          placeholder="postgresql://user:password@host:5432/database"
          hint={
            answer !== undefined && !empty ? (
              <>
                Read as <code>{answer.read_as}</code>
              </>
            ) : (
              "As it stands in the deployment, with its mistakes."
            )
          }
        />
        <Check label="The server offers no TLS" checked={withoutTls} onCheck={setWithoutTls} />
      </div>
      {answer === undefined || empty ? (
        <Empty title="Type or paste a URL">
          <p>SQLAlchemy, libpq, asyncpg and sqlx each want another form; here you see which one refuses yours, and why.</p>
        </Empty>
      ) : (
        <>
          {answer.flaws.length > 0 && (
            <section aria-labelledby="flaws">
              <h2 id="flaws">What is wrong with it</h2>
              <ul className="flaws">
                {answer.flaws.map((flaw) => (
                  <li key={flaw.text}>
                    <Icon name="alert" />
                    {flaw.text}
                  </li>
                ))}
              </ul>
            </section>
          )}
          <section aria-labelledby="consumers">
            <h2 id="consumers">Who does what with it</h2>
            <ul className="consumers">
              {answer.consumers.map((row) => (
                <Consumer key={row.id} row={row} onCopy={(one) => void copy(one)} />
              ))}
            </ul>
          </section>
        </>
      )}
    </div>
  );
}
