import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { archiveClient, clientQuery, refreshClients, unarchiveClient } from "../../api/admin";
import { fromThrown, type Problem } from "../../api/problem";
import { useActions } from "../../app/actions";
import { allows, useMay } from "../../app/may";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton } from "../../parts/Skeleton";
import { failure, useToast } from "../../parts/Toast";
import { roleName } from "../../roles";
import { counted, label } from "../../words";
import { ClientForm } from "./ClientForm";
import "./clients.css";

/** All that is known of one client account; for who may, ways to change and to archive it. */
export function ClientPage() {
  const { clientId } = useParams({ from: "/signed-in/clients/$clientId/details" });
  const client = useQuery(clientQuery(clientId));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [editing, setEditing] = useState(false);
  const [archiving, setArchiving] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const say = useToast();
  const mayEdit = allows("client.edit", client.data);
  const mayArchive = useMay("client.archive");

  useActions([
    {
      id: "client.edit",
      title: "Change this client account",
      group: "This page",
      icon: "file",
      when: mayEdit,
      run: () => setEditing(true),
    },
  ]);

  if (client.isLoadingError) {
    return (
      <ProblemView error={client.error} onRetry={() => void client.refetch()}>
        <Link to="/clients" className="button button-plain">
          All client accounts
        </Link>
      </ProblemView>
    );
  }
  const it = client.data;

  const archive = async () => {
    if (it === undefined) return;
    setProblem(undefined);
    try {
      await archiveClient(it.id, it.name);
      // Among the archived ones it can be brought back, for as long as one likes.
      await navigate({ to: "/clients", search: { archived: "yes" } });
      await refreshClients(queries);
      const bringBack = async () => {
        await unarchiveClient(it.id);
        await refreshClients(queries, it.id);
      };
      const run = () => {
        bringBack().then(
          () => say({ text: `“${it.name}” is back.`, anywhere: true }),
          (thrown: unknown) => say({ ...failure(thrown, `“${it.name}” was not brought back:`), anywhere: true }),
        );
      };
      say({ text: `“${it.name}” is archived.`, anywhere: true, undo: { label: "Bring it back", run } });
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    }
  };

  const facts: [string, React.ReactNode][] = it === undefined ? [] : [
    ["Short name", <code key="slug">{it.slug}</code>],
    ["Industry", label(it.industry)],
    ["Size", label(it.company_size)],
    ["Head office", label(it.headquarters_location)],
    ["Contact", label(it.primary_contact_name)],
    ["Contact’s e-mail", it.primary_contact_email ?? label(null)],
    ["Contact’s telephone", it.primary_contact_phone ?? label(null)],
    ["Your role", `${roleName(it.role)}, ${label(it.access_level).toLowerCase()}`],
    ["Made", <Moment key="made" at={it.created_at} />],
    ["Last changed", <Moment key="changed" at={it.updated_at} />],
  ];

  return (
    <>
      <header className="page-head page-head-actions">
        <div>
          <h1>{it?.name ?? <Skeleton width="14rem" />}</h1>
          <p className="quiet">
            {it !== undefined && (
              <>
                <Link to="/clients/$clientId/engagements" params={{ clientId }}>
                  {counted(it.engagement_count, "engagement")}
                </Link>
                {", "}
                {counted(it.asset_count, "asset")}
                {", "}
                {allows("member.view", it) ? (
                  <Link to="/clients/$clientId/members" params={{ clientId }}>
                    {counted(it.member_count, "member")}
                  </Link>
                ) : (
                  counted(it.member_count, "member")
                )}
              </>
            )}
          </p>
        </div>
        {mayArchive && (
          <Button onClick={() => setArchiving(true)} disabled={it === undefined}>
            <Icon name="inbox" />
            Archive
          </Button>
        )}
        {mayEdit && (
          <Button look="primary" onClick={() => setEditing(true)}>
            Change
          </Button>
        )}
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      <dl className="facts">
        {it?.description != null && (
          <div className="facts-wide">
            <dt>Description</dt>
            <dd>{it.description}</dd>
          </div>
        )}
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {editing && it !== undefined && <ClientForm client={it} onClose={() => setEditing(false)} />}
      {it !== undefined && (
        <Confirm
          open={archiving}
          onOpen={setArchiving}
          title={`Archive “${it.name}”?`}
          does="Archive"
          typed={it.name}
          onConfirm={() => void archive()}
        >
          <p>
            Nobody sees it any more, its {counted(it.member_count, "member")} included. Its {counted(it.engagement_count, "engagement")} and{" "}
            {counted(it.asset_count, "asset")} stay in the database, and a platform admin can bring it back.
          </p>
        </Confirm>
      )}
    </>
  );
}
