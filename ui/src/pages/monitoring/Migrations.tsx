import { useQuery } from "@tanstack/react-query";
import { migrationsQuery, type Migration } from "../../api/monitoring";
import { Moment } from "../../parts/Moment";
import { Scroll } from "../../parts/Scroll";
import { Table, type Column } from "../../parts/Table";
import { duration } from "../../words";
import { Unread } from "./Unread";

const STATUS: Record<string, string> = {
  applied: "Applied",
  pending: "Pending",
  failed: "Begun, not finished",
  changed: "Applied with another text",
  unknown: "Not this build's",
};

const COLUMNS: readonly Column<Migration>[] = [
  {
    id: "version",
    head: "Migration",
    cell: ({ version, description }) => (
      <>
        <span className="figures">{String(version).padStart(3, "0")}</span> {description}
      </>
    ),
  },
  { id: "status", head: "Status", cell: ({ status }) => <span data-bad={["failed", "changed", "unknown"].includes(status) || undefined}>{STATUS[status] ?? status}</span> },
  { id: "took", head: "Took", number: true, cell: ({ elapsed_ms }) => (elapsed_ms == null ? "–" : duration(elapsed_ms)) },
  { id: "at", head: "Applied", wide: true, cell: ({ applied_at }) => (applied_at == null ? "–" : <Moment at={applied_at} />) },
  { id: "checksum", head: "SHA-384", wide: true, cell: ({ checksum }) => <code>{checksum}</code> },
];

/** What this build ships and what the database records of it. */
export function Migrations() {
  const { data, error, refetch } = useQuery(migrationsQuery);
  return (
    <section aria-labelledby="migrations-title">
      <h2 id="migrations-title">Migrations</h2>
      {error !== null ? (
        <Unread error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <p className="quiet">
            {data === undefined
              ? "Reading the history…"
              : data.refusal == null
                ? `What is applied is what this build ships. Alembic finds ${data.alembic.join(", ") || "nothing"}.`
                : ""}
          </p>
          {data?.refusal != null && (
            <p role="alert" className="monitoring-bad">
              The next boot would refuse this history: {data.refusal.what} Code <code>{data.refusal.code}</code>
            </p>
          )}
          <Scroll label="Migrations, oldest first">
            <Table label="Migrations" columns={COLUMNS} rows={data?.migrations} rowKey={({ version }) => String(version)} />
          </Scroll>
        </>
      )}
    </section>
  );
}
