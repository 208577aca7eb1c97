import { useQuery } from "@tanstack/react-query";
import { bootLogQuery, type BootHistory, type RecordedBoot } from "../../api/monitoring";
import { fromThrown } from "../../api/problem";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { Scroll, Verbatim } from "../../parts/Scroll";
import { Table, type Column } from "../../parts/Table";
import { counted, duration, figure } from "../../words";
import { Sparkline } from "./Sparkline";

type Stage = BootHistory["stages"][number];

const STAGES: readonly Column<Stage>[] = [
  { id: "stage", head: "Stage", cell: ({ title }) => title },
  { id: "passed", head: "Passed", number: true, cell: ({ passed }) => figure(passed) },
  { id: "failed", head: "Failed", number: true, cell: ({ failed }) => <span data-bad={failed > 0 || undefined}>{figure(failed)}</span> },
  { id: "median", head: "Median", number: true, wide: true, cell: ({ median_ms }) => (median_ms == null ? "–" : duration(median_ms)) },
  { id: "slowest", head: "Slowest", number: true, cell: ({ slowest_ms }) => (slowest_ms == null ? "–" : duration(slowest_ms)) },
];

interface Props {
  history: BootHistory | undefined;
  /** The boot that is opened. */
  open: string | undefined;
  onOpen: (id: string | undefined) => void;
}

/** Every boot that is kept, each with its stages and what the server said; and every stage over all of them. */
export function Boots({ history, open, onOpen }: Props) {
  const boots = history?.boots ?? [];
  const failed = boots.filter(({ failure_code }) => failure_code != null).length;
  const took = boots.filter(({ failure_code }) => failure_code == null).map(({ elapsed_ms }) => elapsed_ms);
  const opened = boots.find(({ id }) => id === open);

  const columns: readonly Column<RecordedBoot>[] = [
    {
      id: "at",
      head: "Boot",
      by: ({ started_at }) => started_at,
      cell: ({ id, started_at }) => (
        <button type="button" className="open-row" aria-expanded={id === open} onClick={() => onOpen(id === open ? undefined : id)}>
          <Icon name="chevron" />
          <Moment at={started_at} />
        </button>
      ),
    },
    {
      id: "outcome",
      head: "Outcome",
      by: ({ failure_code }) => failure_code ?? "",
      cell: ({ failure_stage, failure_code }) =>
        failure_code == null ? "Ready" : <span data-bad="true">{`Red at ${failure_stage ?? "?"}: ${failure_code}`}</span>,
    },
    { id: "took", head: "Took", number: true, by: ({ elapsed_ms }) => elapsed_ms, cell: ({ elapsed_ms }) => duration(elapsed_ms) },
    { id: "program", head: "Program", wide: true, by: ({ program }) => program, cell: ({ program, app_version }) => `${program} ${app_version}` },
    { id: "postgres", head: "PostgreSQL", wide: true, by: ({ postgres_version }) => postgres_version, cell: ({ postgres_version }) => postgres_version },
  ];

  return (
    <section aria-labelledby="boots-title">
      <div className="monitoring-head">
        <div>
          <h2 id="boots-title">Boots and database initialisation</h2>
          <p className="quiet">
            {history === undefined
              ? "Reading the history…"
              : `${counted(boots.length, "boot")} with this database: ${figure(boots.length - failed)} came to the end, ${figure(failed)} stopped at a red gate.`}
          </p>
        </div>
        {took.length > 1 && (
          <Sparkline label={`Time until ready, ${duration(Math.min(...took))} at the least, ${duration(Math.max(...took))} at the most`} values={[...took].reverse()} />
        )}
      </div>
      <div className="monitoring-pair">
        <Scroll label="Boots, newest first" tall>
          <Table label="Boots" columns={columns} rows={history?.boots} rowKey={({ id }) => id} empty={<p className="monitoring-none">No boot is recorded.</p>} />
        </Scroll>
        <Scroll label="Stages of all boots">
          <Table label="Stages over all boots" columns={STAGES} rows={history?.stages} rowKey={({ name }) => name} />
        </Scroll>
      </div>
      {opened !== undefined && <Opened boot={opened} onClose={() => onOpen(undefined)} />}
      {open !== undefined && opened === undefined && history !== undefined && (
        <p className="monitoring-none" role="status">
          The boot of this address is not among those that are kept. A reset or a restore brings another history.
        </p>
      )}
    </section>
  );
}

function Opened({ boot, onClose }: { boot: RecordedBoot; onClose: () => void }) {
  const log = useQuery(bootLogQuery(boot.id));
  const most = Math.max(1, ...boot.stages.map(({ elapsed_ms }) => elapsed_ms ?? 0));
  return (
    <article className="opened-boot" aria-label="The opened boot">
      <header>
        <h3>
          Boot of <Moment at={boot.started_at} />
        </h3>
        <Button look="quiet" className="button-icon" aria-label="Close the boot" onClick={onClose}>
          <Icon name="close" />
        </Button>
      </header>
      <ol className="stage-times">
        {boot.stages.map(({ name, title, status, elapsed_ms, detail }) => (
          <li key={name} data-status={status}>
            <span className="stage-times-title">
              {title}
              {status === "failed" && <strong data-bad="true"> failed</strong>}
            </span>
            <span className="stage-times-bar" aria-hidden="true">
              <span style={{ width: `${((elapsed_ms ?? 0) / most) * 100}%` }} />
            </span>
            <span className="figures stage-times-ms">{elapsed_ms == null ? "" : duration(elapsed_ms)}</span>
            {detail != null && <span className="quiet stage-times-detail">{detail}</span>}
          </li>
        ))}
      </ol>
      <h4>What the server wrote meanwhile</h4>
      {log.isError ? (
        <p role="alert">{fromThrown(log.error).detail}</p>
      ) : log.data === undefined ? (
        <p className="quiet">Reading the log…</p>
      ) : log.data.lines.length === 0 ? (
        <p className="quiet">Nothing: the log of that time is no longer there, or it had nothing to say.</p>
      ) : (
        <>
          <Verbatim label="The server's log">{log.data.lines.join("\n")}</Verbatim>
          {log.data.cut && <p className="quiet">These are the first {figure(log.data.lines.length)} lines of it.</p>}
        </>
      )}
    </article>
  );
}
