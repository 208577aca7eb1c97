import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { overviewQuery, type AssetFilter, type Count, type Place } from "../../api/queries";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton } from "../../parts/Skeleton";
import { counted, day, figure, label, NONE } from "../../words";
import "./overview.css";

const TO_ASSETS = "/clients/$clientId/engagements/$engagementId/assets";

function Total({ place, name, value, unit }: { place: Place; name: string; value: number | undefined; unit?: string }) {
  const shown = value === undefined ? <Skeleton width="4rem" /> : figure(value);
  return (
    <div className="total">
      <dt>{name}</dt>
      <dd>
        <Link to={TO_ASSETS} params={place} search={{}} title="Show the assets this is the sum of">
          <span className="total-figure">{shown}</span>
          {unit !== undefined && <span className="total-unit"> {unit}</span>}
        </Link>
      </dd>
    </div>
  );
}

interface BreakdownProps {
  place: Place;
  title: string;
  by: Exclude<keyof AssetFilter, "q">;
  counts: Count[] | undefined;
}

/** How the assets divide by one property: a table whose bars repeat the figures. */
function Breakdown({ place, title, by, counts }: BreakdownProps) {
  const most = Math.max(1, ...(counts ?? []).map(({ count }) => count));
  return (
    <section className="breakdown">
      <table>
        <caption>{title}</caption>
        <colgroup>
          <col className="breakdown-value" />
          <col />
          <col className="breakdown-count" />
        </colgroup>
        <thead className="hidden">
          <tr>
            <th scope="col">Value</th>
            <th scope="col">Share</th>
            <th scope="col">Assets</th>
          </tr>
        </thead>
        <tbody>
          {counts === undefined &&
            [0, 1, 2].map((row) => (
              <tr key={row}>
                <th scope="row">
                  <Skeleton width="6rem" />
                </th>
                <td />
                <td />
              </tr>
            ))}
          {counts?.map(({ value, count }) => {
            const search: AssetFilter = { [by]: value ?? NONE };
            return (
              <tr key={value ?? NONE}>
                <th scope="row">{label(value)}</th>
                <td className="breakdown-bar" aria-hidden="true">
                  <span style={{ width: `${(count / most) * 100}%` }} data-none={value == null || undefined} />
                </td>
                <td className="number">
                  <Link
                    to={TO_ASSETS}
                    params={place}
                    search={search}
                    className="row-link"
                    aria-label={`${counted(count, "asset")}: ${title.toLowerCase()} ${label(value).toLowerCase()}`}
                  >
                    {figure(count)}
                  </Link>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** What an engagement holds, in figures that each lead to the assets behind them. */
export function OverviewPage() {
  const place = useParams({ from: "/signed-in/clients/$clientId/engagements/$engagementId/overview" });
  const overview = useQuery(overviewQuery(place));
  const { data } = overview;

  if (overview.isError) {
    return (
      <ProblemView error={overview.error} onRetry={() => void overview.refetch()}>
        <Link to="/clients" className="button button-plain">
          All client accounts
        </Link>
      </ProblemView>
    );
  }

  const due = data?.engagement.target_completion_date;
  return (
    <div aria-busy={data === undefined}>
      <header className="page-head">
        <h1>Overview</h1>
        <p className="quiet">
          {data === undefined ? (
            <Skeleton width="16rem" />
          ) : (
            <>
              {data.engagement.name}, {label(data.engagement.status).toLowerCase()}
              {due != null && <>, due {day(due)}</>}
            </>
          )}
        </p>
      </header>
      <dl className="totals">
        <Total place={place} name="Assets" value={data?.totals.assets} />
        <Total place={place} name="CPU cores" value={data?.totals.cpu_cores} />
        <Total place={place} name="Memory" value={data?.totals.memory_gb} unit="GB" />
        <Total place={place} name="Storage" value={data?.totals.storage_gb} unit="GB" />
      </dl>
      {data?.totals.assets === 0 ? (
        <p className="quiet overview-none">
          This engagement has no assets yet. They come with its first data import; until then there is nothing to count.
        </p>
      ) : (
        <div className="breakdowns">
          <Breakdown place={place} title="Type" by="type" counts={data?.by_type} />
          <Breakdown place={place} title="Environment" by="environment" counts={data?.by_environment} />
          <Breakdown place={place} title="Criticality" by="criticality" counts={data?.by_criticality} />
          <Breakdown place={place} title="Status" by="status" counts={data?.by_status} />
        </div>
      )}
    </div>
  );
}
