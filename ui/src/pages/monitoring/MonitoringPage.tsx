import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { bootsQuery, monitoringQuery } from "../../api/monitoring";
import { fromThrown } from "../../api/problem";
import { useActions } from "../../app/actions";
import { Button } from "../../parts/Button";
import { NoRight } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { ProblemView } from "../../parts/ProblemView";
import { Boots } from "./Boots";
import { Connections, Statements, Tables, TurnedAway, Vectors } from "./Lists";
import { Migrations } from "./Migrations";
import { Now } from "./Now";
import type { MonitoringSearch } from "./routes";
import { SignIns } from "./SignIns";
import { Unread } from "./Unread";
import "./monitoring.css";

/** How the platform does; for platform administrators. */
export function MonitoringPage() {
  const search = useSearch({ from: "/signed-in/monitoring" });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const now = useQuery(monitoringQuery);
  const boots = useQuery(bootsQuery);
  const go = (change: { boot?: string | undefined; hours?: string | undefined }) => {
    const { boot, hours } = { ...search, ...change };
    const next: MonitoringSearch = {
      ...(boot !== undefined && { boot }),
      ...((hours === "168" || hours === "720") && { hours }),
    };
    void navigate({ to: "/monitoring", search: next, replace: true, resetScroll: false });
  };
  const refresh = () => void queries.invalidateQueries({ queryKey: ["monitoring"] });
  useActions([{ id: "monitoring.refresh", title: "Read all figures anew", group: "This page", icon: "retry", shortcut: "r", run: refresh }]);

  if (now.isError && now.data === undefined) {
    const problem = fromThrown(now.error);
    if (problem.code === "permission.denied") {
      return (
        <NoRight what="how the platform does" whom="A platform administrator">
          <p className="quiet">{problem.nextStep}</p>
        </NoRight>
      );
    }
    return <ProblemView error={now.error} onRetry={() => void now.refetch()} />;
  }

  return (
    <div className="monitoring">
      <header className="page-head monitoring-head">
        <div>
          <h1>Monitoring</h1>
          <p className="quiet">
            Computed from this database, its server and its log
            {now.data === undefined ? "." : <>, at <Moment at={now.data.at} />.</>}
          </p>
        </div>
        <Button onClick={refresh} busy={now.isFetching}>
          <Icon name="retry" />
          Refresh
        </Button>
      </header>
      <Now now={now.data} />
      {boots.isError ? (
        <Unread error={boots.error} onRetry={() => void boots.refetch()} />
      ) : (
        <Boots history={boots.data} open={search.boot} onOpen={(boot) => go({ boot })} />
      )}
      <Migrations />
      <SignIns hours={Number(search.hours ?? 24)} onHours={(hours) => go({ hours })} />
      <TurnedAway now={now.data} />
      <Connections now={now.data} />
      <Statements />
      <Tables />
      <Vectors />
    </div>
  );
}
