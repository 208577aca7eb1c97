import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { auditQuery, saveAudit, type AuditFilter, type AuditScope } from "../../api/audit";
import { fromThrown } from "../../api/problem";
import { useActions } from "../../app/actions";
import { Button } from "../../parts/Button";
import { Empty, NoMatch, NoRight } from "../../parts/Empty";
import { ProblemView } from "../../parts/ProblemView";
import { failure, useToast } from "../../parts/Toast";
import { counted } from "../../words";
import { ChainStatus } from "./ChainStatus";
import { EntryTable } from "./EntryTable";
import { Filters } from "./Filters";
import "./audit.css";

/** What happened to accounts, sessions, roles and rights, for platform administrators. */
export function SecurityLogPage() {
  const filter = useSearch({ from: "/signed-in/audit" });
  const navigate = useNavigate();
  return (
    <Log
      title="Security log"
      about="Sign-ins, sessions, passwords, users, roles, access and refusals, for the whole platform."
      what="the security log"
      whom="A platform administrator"
      scope={undefined}
      filter={filter}
      onFilter={(search) => void navigate({ to: "/audit", search, replace: true })}
    />
  );
}

/** What was done in one client account, for its administrators. */
export function ActivityPage() {
  const { clientId } = useParams({ from: "/signed-in/clients/$clientId/audit" });
  const filter = useSearch({ from: "/signed-in/clients/$clientId/audit" });
  const navigate = useNavigate();
  return (
    <Log
      key={clientId}
      title="Activity"
      about="What was done in this client account, by whom and when."
      what="the activity of this client account"
      whom="An administrator of this client account, or of the platform,"
      scope={clientId}
      filter={filter}
      onFilter={(search) => void navigate({ to: "/clients/$clientId/audit", params: { clientId }, search, replace: true })}
    />
  );
}

interface Props {
  title: string;
  about: string;
  /** What whoever may not see it is told they may not see, and who can help. */
  what: string;
  whom: string;
  scope: AuditScope;
  filter: AuditFilter;
  onFilter: (filter: AuditFilter) => void;
}

function Log({ title, about, what, whom, scope, filter, onFilter }: Props) {
  const say = useToast();
  const log = useInfiniteQuery(auditQuery(scope, filter));
  const entries = log.data?.pages.flatMap((page) => page.entries);
  const set = Object.values(filter).some((value) => value !== undefined);

  const exporting = useMutation({
    mutationFn: () => saveAudit(scope, filter),
    onSuccess: ({ path, entries: written }) => {
      say({ text: `${counted(written, set ? "matching entry" : "entry", set ? "matching entries" : "entries")} saved as ${path}` });
    },
    onError: (thrown) => say(failure(thrown, "The log was not exported:")),
  });
  const possible = entries !== undefined && entries.length > 0 && !exporting.isPending;
  useActions([
    {
      id: "audit.export",
      title: set ? "Export the filtered entries as CSV" : "Export the log as CSV",
      group: "This page",
      icon: "file",
      when: possible,
      run: () => exporting.mutate(),
    },
  ]);

  if (log.isError && entries === undefined) {
    const problem = fromThrown(log.error);
    if (problem.code === "permission.denied") {
      return (
        <NoRight what={what} whom={whom}>
          <p className="quiet">{problem.nextStep}</p>
        </NoRight>
      );
    }
    return <ProblemView error={log.error} onRetry={() => void log.refetch()} />;
  }

  return (
    <div className="audit">
      <header className="page-head audit-head">
        <div>
          <h1>{title}</h1>
          <p className="quiet">{about}</p>
        </div>
        <Button onClick={() => exporting.mutate()} busy={exporting.isPending} aria-disabled={!possible || undefined}>
          Export CSV
        </Button>
      </header>
      <ChainStatus scope={scope} written={entries?.[0]?.number} />
      <Filters filter={filter} events={log.data?.pages[0]?.events ?? []} onFilter={onFilter} />
      <EntryTable entries={entries} title={title} />
      {entries?.length === 0 &&
        (set ? (
          <NoMatch title="No entry matches" onClear={() => onFilter({})}>
            <p>Nothing in the log fits all the filters.</p>
          </NoMatch>
        ) : (
          <Empty title="Nothing yet">
            <p>What happens from now on is kept here, and cannot be changed afterwards.</p>
          </Empty>
        ))}
      {entries !== undefined && entries.length > 0 && (
        <p className="audit-more" role="status">
          <span className="quiet">
            {counted(entries.length, "entry", "entries")} shown{log.hasNextPage ? "" : ", which are all"}.
          </span>
          {log.hasNextPage && (
            <Button onClick={() => void log.fetchNextPage()} busy={log.isFetchingNextPage}>
              Show older entries
            </Button>
          )}
        </p>
      )}
    </div>
  );
}
