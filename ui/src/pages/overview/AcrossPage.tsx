import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { acrossQuery, meQuery, type AccountFigures } from "../../api/queries";
import { Moment } from "../../parts/Moment";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton } from "../../parts/Skeleton";
import { Table, type Column } from "../../parts/Table";
import { figure } from "../../words";
import { NoClients } from "../Home";
import "./overview.css";

const ENGAGEMENTS = "/clients/$clientId/engagements";

/** A sum; nothing where of no asset anything is recorded. */
const cost = (sum: number, recorded: number) => (recorded === 0 ? "–" : figure(Math.round(sum)));

const share = (part: number, all: number) => (all === 0 ? "–" : `${figure(Math.floor((part / all) * 100))} %`);

/** A figure of one client account; it opens the engagements it is the sum of. */
function Figure({ of, value }: { of: AccountFigures; value: string }) {
  return (
    <Link to={ENGAGEMENTS} params={{ clientId: of.client_account.id }} aria-label={`${value}, by engagement of ${of.client_account.name}`}>
      {value}
    </Link>
  );
}

const COLUMNS: readonly Column<AccountFigures>[] = [
  {
    id: "name",
    head: "Client account",
    cell: (of) => (
      <Link to={ENGAGEMENTS} params={{ clientId: of.client_account.id }} className="across-name">
        {of.client_account.name}
      </Link>
    ),
    by: (of) => of.client_account.name,
  },
  {
    id: "engagements",
    head: "Engagements",
    number: true,
    cell: (of) => <Figure of={of} value={figure(of.client_account.engagement_count)} />,
    by: (of) => of.client_account.engagement_count,
  },
  { id: "open", head: "Open", number: true, wide: true, cell: (of) => figure(of.open_engagements), by: (of) => of.open_engagements },
  {
    id: "assets",
    head: "Assets",
    number: true,
    cell: (of) => <Figure of={of} value={figure(of.totals.assets)} />,
    by: (of) => of.totals.assets,
  },
  {
    id: "decided",
    head: "6R decided",
    number: true,
    wide: true,
    cell: (of) => (
      <span title={`${figure(of.decided)} of ${figure(of.totals.assets)} assets`}>{share(of.decided, of.totals.assets)}</span>
    ),
    by: (of) => (of.totals.assets === 0 ? null : of.decided / of.totals.assets),
  },
  {
    id: "cost",
    head: "Cost now (a month)",
    number: true,
    wide: true,
    cell: (of) => cost(of.totals.current_monthly_cost, of.totals.with_current_cost),
    by: (of) => of.totals.current_monthly_cost,
  },
  {
    id: "cloud",
    head: "In the cloud (a month)",
    number: true,
    wide: true,
    cell: (of) => cost(of.totals.estimated_cloud_cost, of.totals.with_estimated_cost),
    by: (of) => of.totals.estimated_cloud_cost,
  },
  {
    id: "assessments",
    head: "Assessed",
    number: true,
    wide: true,
    cell: (of) => (of.assessments === 0 ? "–" : `${figure(of.assessments_completed)} of ${figure(of.assessments)}`),
    by: (of) => of.assessments_completed,
  },
  {
    id: "last",
    head: "Last activity",
    wide: true,
    cell: (of) => (of.last_activity == null ? "–" : <Moment at={of.last_activity} />),
    by: (of) => of.last_activity,
  },
];

/** The client accounts one may see, side by side, with their sums. */
export function AcrossPage() {
  const across = useQuery(acrossQuery);
  const me = useQuery(meQuery).data?.user;
  const all = across.data;

  if (across.isLoadingError) return <ProblemView error={across.error} onRetry={() => void across.refetch()} />;
  if (all?.length === 0) return <NoClients me={me} />;

  const total = (of: (figures: AccountFigures) => number) =>
    all === undefined ? <Skeleton width="4rem" /> : figure(all.reduce((sum, figures) => sum + of(figures), 0));

  return (
    <>
      <header className="page-head">
        <h1>All client accounts</h1>
        <p className="quiet">Figures of every client account you may see, from the engagements you may see.</p>
      </header>
      <dl className="totals" aria-busy={all === undefined}>
        {(
          [
            ["Client accounts", () => 1],
            ["Engagements", (of) => of.client_account.engagement_count],
            ["Assets", (of) => of.totals.assets],
            ["With a 6R decision", (of) => of.decided],
          ] as const satisfies [string, (of: AccountFigures) => number][]
        ).map(([name, of]) => (
          <div className="total" key={name}>
            <dt>{name}</dt>
            <dd>
              <Link to="/overview" hash="by-account" title="Show it by client account">
                <span className="total-figure">{total(of)}</span>
              </Link>
            </dd>
          </div>
        ))}
      </dl>
      <div id="by-account">
        <Table label="Figures by client account" columns={COLUMNS} rows={all} rowKey={(of) => of.client_account.id} sort="name" />
      </div>
    </>
  );
}
