import type { ReactNode } from "react";
import type { Boot, Stage } from "../../api/queries";
import { Button } from "../../parts/Button";
import { CopyReport } from "../../parts/CopyReport";
import { Icon } from "../../parts/Icon";
import { WordMark } from "../../parts/Mark";
import { duration } from "../../words";
import "./boot.css";

function StageRow({ stage }: { stage: Stage }) {
  return (
    <li className={`stage stage-${stage.status}`} aria-current={stage.status === "running" ? "step" : undefined}>
      <span className="stage-sign" aria-hidden="true">
        {stage.status === "passed" && <Icon name="check" />}
        {stage.status === "failed" && <Icon name="close" />}
      </span>
      <span className="stage-text">
        <span className="stage-title">{stage.title}</span>
        {stage.detail != null && <span className="stage-detail">{stage.detail}</span>}
      </span>
      <span className="stage-time">
        <span className="hidden">{stage.status} </span>
        {stage.elapsed_ms != null && duration(stage.elapsed_ms)}
      </span>
    </li>
  );
}

function headline(boot: Boot | undefined): string {
  if (boot === undefined) return "Starting";
  if (boot.state === "failed") return "Drydock could not start";
  return boot.state === "ready" ? "Ready" : "Starting";
}

interface Props {
  boot: Boot | undefined;
  lost: boolean;
  onRetry: () => void;
  /** Ways on, shown when the boot is looked at afterwards. */
  children?: ReactNode;
}

/** The stages of the boot with their times; on failure, what to do about it. */
export function BootPage({ boot, lost, onRetry, children }: Props) {
  const stages = boot?.stages ?? [];
  const passed = stages.filter((stage) => stage.status === "passed").length;
  const running = stages.find((stage) => stage.status === "running");
  const failure = boot?.failure;

  return (
    <main className="boot" id="main">
      <div className="boot-sheet">
        <header className="boot-head">
          <WordMark size={56} water={stages.length === 0 ? 0 : passed / stages.length} />
          <h1>{headline(boot)}</h1>
          <p className="quiet figures">
            {boot === undefined
              ? "Waiting for the platform's first word."
              : `${passed} of ${stages.length} stages passed, ${duration(boot.elapsed_ms)} in total`}
          </p>
          <p className="hidden" role="status">
            {running !== undefined && `Running: ${running.title}`}
            {boot?.state === "ready" && "Ready"}
          </p>
        </header>

        {failure != null && (
          <section className="boot-failure" role="alert">
            <h2>{failure.what}</h2>
            <dl>
              <dt>Cause</dt>
              <dd>{failure.cause}</dd>
              <dt>Next step</dt>
              <dd>{failure.next_step}</dd>
              <dt>Stage</dt>
              <dd>{stages.find((stage) => stage.name === failure.stage)?.title ?? failure.stage}</dd>
              <dt>Code</dt>
              <dd>
                <code>{failure.code}</code>
              </dd>
            </dl>
            {boot !== undefined && <CopyReport report={boot.report} />}
          </section>
        )}

        {lost && (
          <section className="boot-failure" role="alert">
            <h2>The platform does not answer</h2>
            <p>
              The connection to Drydock on this machine is lost, so the stages below may be out of date. This page keeps
              asking once a second. If nothing happens, close Drydock and start it again.
            </p>
            <Button onClick={onRetry}>
              <Icon name="retry" />
              Try again now
            </Button>
          </section>
        )}

        {stages.length > 0 && (
          <ol className="stages" aria-label="Stages of the boot">
            {stages.map((stage) => (
              <StageRow key={stage.name} stage={stage} />
            ))}
          </ol>
        )}

        {boot !== undefined && (
          <footer className="boot-foot">
            <p className="quiet">
              Drydock {boot.version}, {boot.os}, {boot.environment}, {boot.profile} data
            </p>
            <div className="boot-actions">
              {children}
              {boot.state === "ready" && <CopyReport report={boot.report} />}
            </div>
          </footer>
        )}
      </div>
    </main>
  );
}
