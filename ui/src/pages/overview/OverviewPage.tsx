import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { overviewQuery, type Count, type Overview, type Place } from "../../api/queries";
import { Empty } from "../../parts/Empty";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton, useSkeleton } from "../../parts/Skeleton";
import { counted, day, figure, label, NONE, NOT_RECORDED } from "../../words";
import { Breakdown, Total, type Bar } from "./Breakdown";
import { holding, recorded, running } from "./links";
import { Work } from "./Work";
import "./overview.css";

type Systems = Overview["by_family"][number];

const FAMILIES: Record<string, string> = {
  windows: "Windows",
  linux: "Linux",
  unix: "Unix",
  mainframe: "Mainframe",
  hypervisor: "Hypervisor",
  appliance: "Network and storage",
  other: "Not an operating system we know",
};

const shares = (counts: readonly Count[] | undefined, filter: string, none = NOT_RECORDED): Bar[] | undefined =>
  counts?.map(({ value, count }) => ({
    key: value ?? NONE,
    name: value == null ? none : label(value),
    count,
    search: holding(filter, value),
    ...(value == null && { none: true }),
  }));

const waves = (all: Overview["by_wave"] | undefined): Bar[] | undefined =>
  all?.map(({ number, name, status, count }) => ({
    key: String(number ?? NONE),
    name: number == null ? "In no wave" : (name ?? `Wave ${number}, not planned`),
    note: status == null ? undefined : label(status).toLowerCase(),
    count,
    search: holding("migration_wave", number == null ? null : String(number)),
    ...(number == null && { none: true }),
  }));

const families = (all: readonly Systems[] | undefined): Bar[] | undefined =>
  all?.map(({ name, count, operating_systems }) => ({
    key: name ?? NONE,
    name: name == null ? NOT_RECORDED : (FAMILIES[name] ?? name),
    count,
    search: running(operating_systems),
    ...(name == null && { none: true }),
  }));

/** By the day support ends; many systems may share one. */
const support = (all: readonly Systems[] | undefined): Bar[] | undefined =>
  all?.map(({ name, count, operating_systems }) => ({
    key: name ?? NONE,
    name: operating_systems.length > 1 ? `${operating_systems[0] ?? ""} and alike` : (operating_systems[0] ?? ""),
    note: day(name),
    count,
    search: running(operating_systems),
  }));

const sum = (counts: readonly { count: number }[]) => counts.reduce((all, { count }) => all + count, 0);

function Figures({ place, data }: { place: Place; data: Overview | undefined }) {
  const totals = data?.totals;
  const ended = data?.support.ended;
  const decided = data && sum(data.by_six_r.filter(({ value }) => value != null));
  const ready = data && sum(data.by_readiness.filter(({ value }) => value === "ready"));
  const of = totals && `of ${counted(totals.assets, "asset")}`;
  return (
    <>
      <dl className="totals">
        <Total place={place} name="Assets" value={totals?.assets} />
        <Total place={place} name="CPU cores" value={totals?.cpu_cores} />
        <Total place={place} name="Memory" value={totals?.memory_gb} unit="GB" />
        <Total place={place} name="Storage" value={totals?.storage_gb} unit="GB" />
      </dl>
      {totals?.assets !== 0 && (
        <dl className="totals totals-five">
          <Total place={place} name="Past support" value={ended && sum(ended)} of={of} search={running(ended?.flatMap((s) => s.operating_systems) ?? [])} />
          <Total place={place} name="With a 6R decision" value={decided} of={of} search={recorded("six_r_strategy")} />
          <Total place={place} name="Ready to assess" value={ready} of={of} search={holding("assessment_readiness", "ready")} />
          <Total
            place={place}
            name="Cost now"
            value={totals && Math.round(totals.current_monthly_cost)}
            unit="a month"
            of={totals && `of ${counted(totals.with_current_cost, "asset")}`}
            search={recorded("current_monthly_cost")}
          />
          <Total
            place={place}
            name="Estimated in the cloud"
            value={totals && Math.round(totals.estimated_cloud_cost)}
            unit="a month"
            of={totals && `of ${counted(totals.with_estimated_cost, "asset")}`}
            search={recorded("estimated_cloud_cost")}
          />
        </dl>
      )}
    </>
  );
}

/** What an engagement holds, in figures that each lead to the assets behind them. */
export function OverviewPage() {
  const place = useParams({ from: "/signed-in/clients/$clientId/engagements/$engagementId/overview" });
  const overview = useQuery(overviewQuery(place));
  const waiting = useSkeleton(overview.data === undefined);
  const data = waiting ? undefined : overview.data;

  if (overview.isLoadingError) {
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
    <div className="overview" aria-busy={data === undefined}>
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
      <Figures place={place} data={data} />
      {data?.totals.assets === 0 ? (
        <Empty title="No assets yet">
          <p>An asset is a server, an application, a database or anything else to be moved. Until there are some, there is nothing to count.</p>
          <Link to="/clients/$clientId/engagements/$engagementId/assets" params={place} className="button button-primary">
            Assets
          </Link>
        </Empty>
      ) : (
        <div className="breakdowns">
          <Breakdown place={place} title="Type" bars={shares(data?.by_type, "type")} />
          <Breakdown place={place} title="Environment" bars={shares(data?.by_environment, "environment")} />
          <Breakdown place={place} title="6R decision" bars={shares(data?.by_six_r, "six_r_strategy", "Not decided")} />
          <Breakdown place={place} title="Wave" bars={waves(data?.by_wave)} />
          <Breakdown place={place} title="Operating system" bars={families(data?.by_family)} />
          <Breakdown
            place={place}
            title="Support has ended"
            bars={support(data?.support.ended)}
            none="No asset runs an operating system that is known to be past its support."
          />
          <Breakdown place={place} title="Criticality" bars={shares(data?.by_criticality, "criticality")} />
          <Breakdown
            place={place}
            title="Support ends within a year"
            bars={support(data?.support.ending)}
            none="No support of a known operating system ends within a year."
          />
          <Breakdown place={place} title="Readiness" bars={shares(data?.by_readiness, "assessment_readiness")} />
          <Breakdown place={place} title="Status" bars={shares(data?.by_status, "status")} />
        </div>
      )}
      {data !== undefined && data.support.unknown > 0 && data.totals.assets > 0 && (
        <p className="quiet overview-note">
          Of {figure(data.support.unknown)} assets no end of support is known: their operating system is not recorded, or has no date in Drydock.
        </p>
      )}
      <Work progress={data?.progress} />
    </div>
  );
}
