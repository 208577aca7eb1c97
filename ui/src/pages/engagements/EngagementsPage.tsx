import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { closeEngagement, refreshEngagements, reopenEngagement, type Engagement } from "../../api/admin";
import { fromThrown, type Problem } from "../../api/problem";
import { engagementsQuery } from "../../api/queries";
import { useActions } from "../../app/actions";
import { allows, useMay } from "../../app/may";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Menu, MenuItem } from "../../parts/Menu";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { Table, type Column } from "../../parts/Table";
import { useToast } from "../../parts/Toast";
import { day, figure, label } from "../../words";
import { EngagementForm } from "./EngagementForm";
import { isClosed } from "./status";
import "../clients/clients.css";

/** The engagements of one client account; for who may, ways to begin, change, close and reopen them. */
export function EngagementsPage() {
  const { clientId } = useParams({ from: "/signed-in/clients/$clientId/engagements" });
  const engagements = useQuery(engagementsQuery(clientId));
  const queries = useQueryClient();
  const say = useToast();
  const [form, setForm] = useState<"new" | Engagement>();
  const [problem, setProblem] = useState<Problem>();
  const mayCreate = useMay("engagement.create");
  const key = engagementsQuery(clientId).queryKey;

  useActions([
    { id: "engagement.new", title: "New engagement", group: "Create", icon: "plus", when: mayCreate, run: () => setForm("new") },
  ]);

  if (engagements.isLoadingError) {
    return (
      <ProblemView error={engagements.error} onRetry={() => void engagements.refetch()}>
        <Link to="/clients" className="button button-plain">
          All client accounts
        </Link>
      </ProblemView>
    );
  }

  /** Shows another status at once, and takes it back with its reason where it is refused. */
  const move = async (engagement: Engagement, status: string, send: () => Promise<Engagement>) => {
    setProblem(undefined);
    await queries.cancelQueries({ queryKey: key });
    const before = queries.getQueryData(key);
    const put = (next: Engagement) => queries.setQueryData(key, (list) => list?.map((one) => (one.id === next.id ? next : one)));
    put({ ...engagement, status });
    try {
      const now = await send();
      put(now);
      void refreshEngagements(queries, clientId);
      return now;
    } catch (thrown) {
      queries.setQueryData(key, before);
      setProblem(fromThrown(thrown));
      void engagements.refetch();
      return undefined;
    }
  };
  const close = async (engagement: Engagement, status: "completed" | "cancelled") => {
    const now = await move(engagement, status, () => closeEngagement(clientId, engagement, status));
    if (now === undefined) return;
    say({
      text: `“${now.name}” is ${status}.`,
      undo: { label: "Open it again", run: () => void reopen(now) },
    });
  };
  const reopen = (engagement: Engagement) => move(engagement, "active", () => reopenEngagement(clientId, engagement));

  const columns: Column<Engagement>[] = [
    {
      id: "name",
      head: "Engagement",
      by: ({ name }) => name,
      cell: (engagement) => (
        <>
          <Link
            to="/clients/$clientId/engagements/$engagementId/overview"
            params={{ clientId, engagementId: engagement.id }}
            className="row-link"
          >
            {engagement.name}
          </Link>
          {engagement.description != null && <span className="list-note">{engagement.description}</span>}
        </>
      ),
    },
    { id: "status", head: "Status", by: ({ status }) => status, cell: ({ status }) => label(status) },
    { id: "kind", head: "Kind", wide: true, by: ({ engagement_type }) => engagement_type, cell: ({ engagement_type }) => label(engagement_type) },
    { id: "priority", head: "Priority", wide: true, by: ({ priority }) => priority, cell: ({ priority }) => label(priority) },
    { id: "starts", head: "Starts", wide: true, by: ({ start_date }) => start_date, cell: ({ start_date }) => day(start_date) },
    {
      id: "due",
      head: "Due",
      wide: true,
      by: ({ target_completion_date }) => target_completion_date,
      cell: ({ target_completion_date }) => day(target_completion_date),
    },
    { id: "assets", head: "Assets", number: true, by: ({ asset_count }) => asset_count, cell: ({ asset_count }) => figure(asset_count) },
    {
      id: "actions",
      head: "Actions",
      hiddenHead: true,
      cell: (engagement) =>
        allows("engagement.edit", engagement) && (
          <div className="row-actions over-link">
            <Menu
              align="end"
              trigger={
                <Button look="quiet" className="button-icon" aria-label={`What to do with ${engagement.name}`}>
                  <Icon name="more" />
                </Button>
              }
            >
              <MenuItem onSelect={() => setForm(engagement)}>Change</MenuItem>
              {isClosed(engagement) ? (
                <MenuItem onSelect={() => void reopen(engagement)}>Open again</MenuItem>
              ) : (
                <>
                  <MenuItem onSelect={() => void close(engagement, "completed")}>Close as completed</MenuItem>
                  <MenuItem onSelect={() => void close(engagement, "cancelled")}>Close as cancelled</MenuItem>
                </>
              )}
            </Menu>
          </div>
        ),
    },
  ];

  return (
    <>
      <header className="page-head page-head-actions">
        <div>
          <h1>Engagements</h1>
          <p className="quiet">Each engagement is one project of this client account.</p>
        </div>
        {mayCreate && (
          <Button look="primary" onClick={() => setForm("new")}>
            <Icon name="plus" />
            New engagement
          </Button>
        )}
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      <Table
        label="Engagements"
        columns={columns}
        rows={engagements.data}
        rowKey={({ id }) => id}
        sort="name"
        linked
        empty={
          <Empty title="No engagement yet">
            <p>
              {mayCreate
                ? "An engagement is one project: it holds the assets and what is decided about them."
                : "This client account has no engagement. A client admin or engagement manager can begin one."}
            </p>
            {mayCreate && (
              <Button look="primary" onClick={() => setForm("new")}>
                New engagement
              </Button>
            )}
          </Empty>
        }
      />
      {form !== undefined && (
        <EngagementForm clientId={clientId} {...(form !== "new" && { engagement: form })} onClose={() => setForm(undefined)} />
      )}
    </>
  );
}
