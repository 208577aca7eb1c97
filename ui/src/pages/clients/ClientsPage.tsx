import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { clientListQuery, refreshClients, unarchiveClient, type ClientDetails } from "../../api/admin";
import { fromThrown, type Problem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { useActions } from "../../app/actions";
import { useMay } from "../../app/may";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { Check } from "../../parts/Field";
import { Icon } from "../../parts/Icon";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { Table, type Column } from "../../parts/Table";
import { useToast } from "../../parts/Toast";
import { roleName } from "../../roles";
import { figure, label } from "../../words";
import { NoClients } from "../Home";
import { ClientForm } from "./ClientForm";
import "./clients.css";

/** The client accounts one may see; for who may, also the archived ones and a way to make another. */
export function ClientsPage() {
  const archived = useSearch({ from: "/signed-in/clients" }).archived === "yes";
  const clients = useQuery(clientListQuery(archived));
  const me = useQuery(meQuery).data?.user;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const say = useToast();
  const [making, setMaking] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const mayCreate = useMay("client.create");
  const mayArchive = useMay("client.archive");

  useActions([
    { id: "client.new", title: "New client account", group: "Create", icon: "plus", when: mayCreate, run: () => setMaking(true) },
  ]);

  const bringBack = async (client: ClientDetails) => {
    setProblem(undefined);
    try {
      await unarchiveClient(client.id);
      await refreshClients(queries, client.id);
      say({ text: `“${client.name}” is back.`, anywhere: true });
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    }
  };

  if (clients.isLoadingError) return <ProblemView error={clients.error} onRetry={() => void clients.refetch()} />;
  if (clients.data?.length === 0 && !archived && !mayCreate) return <NoClients me={me} />;

  const columns: Column<ClientDetails>[] = [
    {
      id: "name",
      head: "Client account",
      by: ({ name }) => name,
      cell: (client) => (
        <>
          {archived ? (
            <strong>{client.name}</strong>
          ) : (
            <Link to="/clients/$clientId/engagements" params={{ clientId: client.id }} className="row-link">
              {client.name}
            </Link>
          )}
          {client.description != null && <span className="list-note">{client.description}</span>}
        </>
      ),
    },
    { id: "industry", head: "Industry", wide: true, by: ({ industry }) => industry, cell: ({ industry }) => label(industry) },
    ...(archived
      ? [
          {
            id: "actions",
            head: "Actions",
            hiddenHead: true,
            cell: (client: ClientDetails) => (
              <div className="row-actions">
                <Button onClick={() => void bringBack(client)}>
                  <Icon name="undo" />
                  Bring back
                </Button>
              </div>
            ),
          },
        ]
      : [
          { id: "role", head: "Your role", wide: true, by: ({ role }: ClientDetails) => role, cell: ({ role }: ClientDetails) => roleName(role) },
          {
            id: "members",
            head: "Members",
            number: true,
            wide: true,
            by: ({ member_count }: ClientDetails) => member_count,
            cell: ({ member_count }: ClientDetails) => figure(member_count),
          },
          {
            id: "engagements",
            head: "Engagements",
            number: true,
            by: ({ engagement_count }: ClientDetails) => engagement_count,
            cell: ({ engagement_count }: ClientDetails) => figure(engagement_count),
          },
          {
            id: "assets",
            head: "Assets",
            number: true,
            by: ({ asset_count }: ClientDetails) => asset_count,
            cell: ({ asset_count }: ClientDetails) => figure(asset_count),
          },
        ]),
  ];

  return (
    <>
      <header className="page-head page-head-actions">
        <div>
          <h1>Client accounts</h1>
          <p className="quiet">{archived ? "Archived: nobody sees them until they are brought back." : "The client accounts you may see, and as what."}</p>
        </div>
        {mayArchive && (
          <Check
            label="Archived"
            checked={archived}
            onCheck={(on) => void navigate({ to: "/clients", search: on ? { archived: "yes" } : {}, replace: true })}
          />
        )}
        {mayCreate && (
          <Button look="primary" onClick={() => setMaking(true)}>
            <Icon name="plus" />
            New client account
          </Button>
        )}
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      <Table
        label="Client accounts"
        columns={columns}
        rows={clients.data}
        rowKey={({ id }) => id}
        sort="name"
        linked={!archived}
        empty={
          archived ? (
            <Empty title="Nothing is archived">
              <p>A client account is archived on its page of details.</p>
            </Empty>
          ) : (
            <Empty title="There is no client account yet">
              <p>
                Make the first one here, or <Link to="/data">restore a snapshot</Link> that has some.
              </p>
            </Empty>
          )
        }
      />
      {making && (
        <ClientForm
          onClose={() => setMaking(false)}
          onMade={({ id }) => void navigate({ to: "/clients/$clientId/details", params: { clientId: id } })}
        />
      )}
    </>
  );
}
