import { useQuery } from "@tanstack/react-query";
import { statementsQuery, tablesQuery, vectorsQuery, type Monitoring, type SlowStatement, type TableSize, type VectorColumn } from "../../api/monitoring";
import { Moment } from "../../parts/Moment";
import { Scroll } from "../../parts/Scroll";
import { Table, type Column } from "../../parts/Table";
import { counted, duration, figure, size } from "../../words";
import { Unread } from "./Unread";

type Group = Monitoring["connections"]["groups"][number];
type Caller = Monitoring["turned_away"]["callers"][number];

const CONNECTIONS: readonly Column<Group>[] = [
  { id: "role", head: "Role", by: ({ role }) => role, cell: ({ role }) => role },
  { id: "state", head: "State", by: ({ state }) => state, cell: ({ state, waiting }) => (waiting > 0 ? `${state}, ${figure(waiting)} waiting for a lock` : state) },
  { id: "count", head: "Number", number: true, by: ({ count }) => count, cell: ({ count }) => figure(count) },
  { id: "longest", head: "Longest", number: true, by: ({ longest_seconds }) => longest_seconds, cell: ({ longest_seconds }) => duration(longest_seconds * 1000) },
  { id: "database", head: "Database", wide: true, by: ({ database }) => database, cell: ({ database }) => database },
  { id: "program", head: "Program", wide: true, by: ({ program }) => program, cell: ({ program }) => program || "says nothing" },
];

/** Who is connected to the server. */
export function Connections({ now }: { now: Monitoring | undefined }) {
  return (
    <section aria-labelledby="connections-title">
      <h2 id="connections-title">Connections</h2>
      <p className="quiet">
        {now === undefined ? "Looking…" : `${figure(now.connections.used)} of ${figure(now.connections.limit)}, by role and state; the one that looks is left out.`}
      </p>
      <Scroll label="Connections by role and state">
        <Table
          label="Connections"
          columns={CONNECTIONS}
          rows={now?.connections.groups}
          rowKey={({ role, state, database, program }) => `${role} ${state} ${database} ${program}`}
          empty={<p className="monitoring-none">Nobody is connected.</p>}
        />
      </Scroll>
    </section>
  );
}

const REASONS: Record<string, string> = {
  origin: "CORS: origin not allowed",
  method: "CORS: method not allowed",
  header: "CORS: header not allowed",
  host: "Host is not this listener's",
  peer: "Peer is on another machine",
};

const CALLERS: readonly Column<Caller>[] = [
  { id: "said", head: "What it named", by: ({ said }) => said, cell: ({ said }) => <code>{said || "nothing"}</code> },
  { id: "reason", head: "Why", by: ({ reason }) => reason, cell: ({ reason }) => REASONS[reason] ?? reason },
  { id: "count", head: "Requests", number: true, by: ({ count }) => count, cell: ({ count }) => figure(count) },
  { id: "last", head: "Last", wide: true, by: ({ last_at }) => last_at, cell: ({ last_at }) => <Moment at={last_at} /> },
];

/** Whom the loopback door let no further. */
export function TurnedAway({ now }: { now: Monitoring | undefined }) {
  return (
    <section aria-labelledby="door-title">
      <h2 id="door-title">CORS rejections and others turned away</h2>
      <p className="quiet">{now === undefined ? "Counting…" : `${counted(now.turned_away.total, "request")} since the program started. The window has no such door.`}</p>
      <Scroll label="Requests that were turned away">
        <Table
          label="Turned away"
          columns={CALLERS}
          rows={now?.turned_away.callers}
          rowKey={({ said, reason }) => `${reason} ${said}`}
          empty={<p className="monitoring-none">Nobody was turned away since the start.</p>}
        />
      </Scroll>
    </section>
  );
}

const STATEMENTS: readonly Column<SlowStatement>[] = [
  { id: "text", head: "Statement", cell: ({ text }) => <code className="statement">{text}</code> },
  { id: "count", head: "Times", number: true, by: ({ count }) => count, cell: ({ count }) => figure(count) },
  { id: "total", head: "In all", number: true, by: ({ total_ms }) => total_ms, cell: ({ total_ms }) => duration(total_ms) },
  { id: "longest", head: "Longest", number: true, by: ({ longest_ms }) => longest_ms, cell: ({ longest_ms }) => duration(longest_ms) },
  { id: "last", head: "Last", wide: true, by: ({ last_at }) => last_at, cell: ({ last_at }) => <Moment at={last_at} /> },
];

/** Statements that the server's log calls slow. */
export function Statements() {
  const { data, error, refetch } = useQuery(statementsQuery);
  return (
    <section aria-labelledby="statements-title">
      <h2 id="statements-title">Slow statements</h2>
      {error !== null ? (
        <Unread error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <p className="quiet">
            {data === undefined
              ? "Reading the log…"
              : `Those of ${figure(data.threshold_ms)} ms and more in the ${size(data.read_bytes)} of server log that are kept, without the values in them.`}
          </p>
          <Scroll label="Statements by the time they took">
            <Table
              label="Slow statements"
              columns={STATEMENTS}
              rows={data?.statements}
              rowKey={({ text }) => text}
              sort="-total"
              empty={<p className="monitoring-none">No statement took that long.</p>}
            />
          </Scroll>
        </>
      )}
    </section>
  );
}

const TABLES: readonly Column<TableSize>[] = [
  {
    id: "name",
    head: "Table",
    by: ({ name }) => name,
    cell: ({ name, indexes }) => {
      const broken = indexes.filter(({ is_valid }) => !is_valid);
      return (
        <>
          {name}
          {broken.length > 0 && <span className="list-note" data-bad="true">{`Not whole: ${broken.map((index) => index.name).join(", ")}`}</span>}
        </>
      );
    },
  },
  { id: "rows", head: "Rows, about", number: true, by: ({ rows }) => rows, cell: ({ rows }) => figure(rows) },
  { id: "table", head: "Table", number: true, by: ({ table_bytes }) => table_bytes, cell: ({ table_bytes }) => size(table_bytes) },
  {
    id: "index",
    head: "Indexes",
    number: true,
    by: ({ index_bytes }) => index_bytes,
    cell: ({ index_bytes, indexes }) => <span title={indexes.map((index) => `${index.name}: ${size(index.bytes)}, used ${figure(index.reads)} times`).join("\n")}>{size(index_bytes)}</span>,
  },
  { id: "dead", head: "Dead rows", number: true, wide: true, by: ({ dead_rows }) => dead_rows, cell: ({ dead_rows }) => figure(dead_rows) },
  { id: "full", head: "Full reads", number: true, wide: true, by: ({ full_reads }) => full_reads, cell: ({ full_reads }) => figure(full_reads) },
  { id: "reads", head: "Index reads", number: true, wide: true, by: ({ index_reads }) => index_reads, cell: ({ index_reads }) => figure(index_reads) },
];

/** Tables and their indexes, by what lies on the disk. */
export function Tables() {
  const { data, error, refetch } = useQuery(tablesQuery);
  const bytes = data?.tables.reduce((sum, table) => sum + table.table_bytes + table.index_bytes, 0) ?? 0;
  const indexes = data?.tables.reduce((sum, table) => sum + table.indexes.length, 0) ?? 0;
  return (
    <section aria-labelledby="tables-title">
      <h2 id="tables-title">Tables and indexes</h2>
      {error !== null ? (
        <Unread error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <p className="quiet">{data === undefined ? "Measuring…" : `${counted(data.tables.length, "table")} with ${counted(indexes, "index", "indexes")}, ${size(bytes)} in all. Numbers of rows are the server's estimates.`}</p>
          <Scroll label="Tables by size" tall>
            <Table label="Tables" columns={TABLES} rows={data?.tables} rowKey={({ name }) => name} />
          </Scroll>
        </>
      )}
    </section>
  );
}

/** How the search in a column works, and what an index finds of what an exact search does. */
function Search({ column }: { column: VectorColumn }) {
  if (column.vectors === 0) return "No vectors";
  if (column.indexes.length === 0) return "Exact: no index, so that nothing is missed";
  return column.indexes.map((index) => {
    const recall = index.recall ?? [];
    const [found, exact] = [recall.reduce((sum, one) => sum + one.found, 0), recall.reduce((sum, one) => sum + one.exact, 0)];
    const worst = Math.min(...recall.map((one) => (one.exact === 0 ? 1 : one.found / one.exact)));
    return (
      <span key={index.name} className="list-note">
        {`${index.name} (${index.method}, ${index.operators}, ${size(index.bytes)}): `}
        {!index.is_valid ? (
          <strong data-bad="true">not whole</strong>
        ) : index.recall == null ? (
          "its operators are not known here"
        ) : exact === 0 ? (
          "nothing to try it with"
        ) : (
          `finds ${figure((found / exact) * 100)} % of the ten nearest, ${figure(worst * 100)} % in the worst client account`
        )}
      </span>
    );
  });
}

const VECTORS: readonly Column<VectorColumn>[] = [
  { id: "column", head: "Column", cell: ({ table, column }) => `${table}.${column}` },
  { id: "kind", head: "Type", wide: true, cell: ({ kind }) => <code>{kind}</code> },
  { id: "vectors", head: "Vectors", number: true, cell: ({ vectors }) => figure(vectors) },
  { id: "search", head: "Search", cell: (column) => <Search column={column} /> },
];

/** Columns of vectors, and how well an index over them does. */
export function Vectors() {
  const { data, error, refetch } = useQuery(vectorsQuery);
  return (
    <section aria-labelledby="vectors-title">
      <h2 id="vectors-title">Vectors</h2>
      {error !== null ? (
        <Unread error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <p className="quiet">Where there is an approximate index, up to twenty vectors of each client account are searched with and without it, and the results compared.</p>
          <Scroll label="Columns of vectors">
            <Table
              label="Vectors"
              columns={VECTORS}
              rows={data?.columns}
              rowKey={({ table, column }) => `${table}.${column}`}
              empty={<p className="monitoring-none">The schema has no column of vectors.</p>}
            />
          </Scroll>
        </>
      )}
    </section>
  );
}
