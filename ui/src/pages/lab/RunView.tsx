import { useState } from "react";
import type { Run, RunBoot, SymptomLine } from "../../api/diagnosis";
import { useActions } from "../../app/actions";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { ProblemNotice } from "../../parts/Notice";
import { Verbatim } from "../../parts/Scroll";
import { counted, duration } from "../../words";
import { FindingCard } from "../doctor/FindingCard";
import { ReportMenu } from "../doctor/ReportMenu";
import { isLive, type RunWatch } from "./useRun";
import "./run.css";

const STATES: Record<Run["state"], string> = {
  running: "Playing",
  diagnosed: "Diagnosed: the remedy can be applied",
  curing: "Applying the remedy",
  done: "Played to its end",
  failed: "Not played to its end",
  cancelled: "Ended before its end",
};

/** The parts of a run with their times. */
function Phases({ run }: { run: Run }) {
  return (
    <ol className="phases" aria-label="Parts of the run">
      {run.phases.map(({ name, title, status, elapsed_ms }) => (
        <li key={name} data-status={status} aria-current={status === "running" ? "step" : undefined}>
          <span className="phase-sign" aria-hidden="true">
            {status === "passed" && <Icon name="check" />}
            {status === "failed" && <Icon name="close" />}
          </span>
          <span>
            <span className="hidden">{status}: </span>
            {title}
          </span>
          <span className="figures quiet">{elapsed_ms == null ? "" : duration(elapsed_ms)}</span>
        </li>
      ))}
    </ol>
  );
}

/** What somebody at the broken deploy reads, as on their screen. */
function Symptoms({ lines }: { lines: readonly SymptomLine[] }) {
  return (
    <ul className="console" aria-label="What is seen">
      {lines.map((line, index) => (
        <li key={`${index} ${line.text}`} data-transcript={line.transcript || undefined}>
          <span className="console-source">
            {line.source}
            {line.transcript && <span className="console-quoted">quoted</span>}
          </span>
          <code>{line.text}</code>
        </li>
      ))}
    </ul>
  );
}

const BOOTS: Record<string, string> = { boot: "Boot into the fault", "boot-again": "Boot after the remedy", "second-boot": "Second boot" };

/** One boot: folded once it has ended well, its stages where it runs or is red. */
function Boot({ boot }: { boot: RunBoot }) {
  const [own, setOwn] = useState<boolean>();
  const open = own ?? boot.state !== "ready";
  const ran = boot.stages.filter(({ status }) => status !== "pending");
  return (
    <section className="run-boot" data-state={boot.state}>
      <h4>
        <button type="button" className="open-boot" aria-expanded={open} onClick={() => setOwn(!open)}>
          <Icon name="chevron" />
          {BOOTS[boot.phase] ?? boot.phase}
          <span className="quiet figures">
            {boot.state === "ready" ? "green" : boot.state === "failed" ? "red" : "booting"}, {counted(ran.length, "stage")}, {duration(boot.elapsed_ms)}
          </span>
        </button>
      </h4>
      {open && (
        <ol className="run-stages">
          {ran.map(({ name, title, status, elapsed_ms, detail }) => (
            <li key={name} data-status={status}>
              <span className="phase-sign" aria-hidden="true">
                {status === "passed" && <Icon name="check" />}
                {status === "failed" && <Icon name="close" />}
              </span>
              <span>
                <span className="hidden">{status}: </span>
                {title}
                {detail != null && <span className="quiet run-stage-detail">{detail}</span>}
              </span>
              <span className="figures quiet">{elapsed_ms == null ? "" : duration(elapsed_ms)}</span>
            </li>
          ))}
        </ol>
      )}
      {boot.failure != null && (
        <p className="run-failure">
          {boot.failure} <code>{boot.failure_code}</code>
        </p>
      )}
    </section>
  );
}

function Proofs({ run }: { run: Run }) {
  return (
    <table className="proofs">
      <caption className="hidden">What the run proves</caption>
      <thead className="hidden">
        <tr>
          <th scope="col">Rule</th>
          <th scope="col">Result</th>
          <th scope="col">What was compared</th>
        </tr>
      </thead>
      <tbody>
        {run.proofs.map(({ rule, title, holds, what }) => (
          <tr key={`${rule} ${title}`} data-holds={holds}>
            <th scope="row">
              <span className="quiet">{rule}</span> {title}
            </th>
            <td>
              <Icon name={holds ? "check" : "close"} />
              {holds ? "Holds" : "Does not hold"}
            </td>
            <td className="proof-what">{what}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Props {
  watch: RunWatch;
  /** The scenarios' own titles by id. */
  titles: ReadonlyMap<string, string>;
  onAgain?: () => void;
}

/** A run from the fault to the proof, as it goes. */
export function RunView({ watch, titles, onAgain }: Props) {
  const { run, refusal } = watch;
  const [asking, setAsking] = useState(false);
  const act = async (work: () => Promise<void>) => {
    setAsking(true);
    await work();
    setAsking(false);
  };
  const cure = () => void act(watch.cure);
  useActions([
    { id: "lab.cure", title: "Apply the remedy", group: "This page", icon: "check", shortcut: "y", when: run?.state === "diagnosed", run: cure },
    { id: "lab.end", title: "End the run", group: "This page", icon: "close", shortcut: "x", when: isLive(run), run: () => void act(watch.end) },
  ]);
  if (run === undefined) return null;
  const { findings, script, error } = run;
  const named = new Set(findings?.map((finding) => finding.id));
  const hit = findings != null && named.size === run.scenarios.length && run.scenarios.every((id) => named.has(id));

  return (
    <article className="run" aria-label="The run">
      <header className="run-head">
        <div>
          <h2>{run.scenarios.map((id) => titles.get(id) ?? id).join(" ")}</h2>
          <p className="quiet">
            {run.scenarios.map((id, index) => (
              <span key={id}>
                {index > 0 && " + "}
                <code>{id}</code>
              </span>
            ))}
            , on a throw-away cluster. <span role="status">{STATES[run.state]}.</span>
          </p>
        </div>
        <div className="run-actions">
          {isLive(run) && (
            <Button busy={asking && run.state !== "diagnosed"} onClick={() => void act(watch.end)}>
              {run.state === "diagnosed" ? "End" : "Cancel"}
            </Button>
          )}
          {!isLive(run) && onAgain !== undefined && <Button onClick={onAgain}>Play again</Button>}
          {findings != null && <ReportMenu what={{ run: run.id }} offered />}
        </div>
      </header>
      {refusal !== undefined && <ProblemNotice problem={refusal} onClose={watch.clearRefusal} />}
      {error != null && (
        <div className="run-error" role="alert">
          <p>
            <strong>{error.what}</strong>
          </p>
          <p>{error.next_step}</p>
          <p className="quiet">
            Code <code>{error.code}</code>
          </p>
        </div>
      )}
      <Phases run={run} />
      <section aria-labelledby="seen-title">
        <h3 id="seen-title">What is seen</h3>
        {run.symptoms.length === 0 ? <p className="quiet">Nothing yet.</p> : <Symptoms lines={run.symptoms} />}
      </section>
      {run.boots.length > 0 && (
        <section aria-labelledby="boots-of-run">
          <h3 id="boots-of-run">Boots</h3>
          {run.boots.map((boot, index) => (
            <Boot key={`${index} ${boot.phase}`} boot={boot} />
          ))}
        </section>
      )}
      {findings != null && (
        <section aria-labelledby="diagnosis-title">
          <h3 id="diagnosis-title">Diagnosis</h3>
          <p className="quiet">
            The doctor is not told which scenario it is. It names {findings.length === 0 ? "nothing" : [...named].join(" and ")}
            {hit ? ", exactly what was injected." : "; injected was " + run.scenarios.join(" and ") + "."}
          </p>
          {findings.map((finding) => (
            <FindingCard key={finding.id} finding={finding} />
          ))}
        </section>
      )}
      {script != null && script !== "" && (
        <section aria-labelledby="script-title">
          <h3 id="script-title">Remedy as it is run</h3>
          <Verbatim label="The remedy's script">{script}</Verbatim>
        </section>
      )}
      {run.state === "diagnosed" && (
        <div className="run-cure">
          <Button look="primary" busy={asking} onClick={cure}>
            Apply remedy
          </Button>
          <p className="quiet">Then it boots again, twice: the first must be green, the second must change nothing.</p>
        </div>
      )}
      {run.proofs.length > 0 && (
        <section aria-labelledby="proof-title">
          <h3 id="proof-title">Proof</h3>
          <Proofs run={run} />
        </section>
      )}
    </article>
  );
}
