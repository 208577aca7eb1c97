import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { rolesQuery, type Roles } from "../../api/admin";
import { clientsQuery } from "../../api/queries";
import { allows } from "../../app/may";
import { SelectField } from "../../parts/Field";
import { ProblemView } from "../../parts/ProblemView";
import { Table, type Column } from "../../parts/Table";
import "../clients/clients.css";

type Rule = Roles["permissions"][number];
const PLACES: Record<string, string> = { engagement: "Engagement", client_account: "Client account", platform: "Platform" };

/** Whether a role at an access level has a permission. */
function has(roles: Roles, rule: Rule, role: string, level: string): boolean {
  const rank = (list: Roles["roles"], name: string) => list.findIndex((one) => one.name === name);
  const strong = rank(roles.roles, role) >= rank(roles.roles, rule.from_role);
  // A platform admin has everything everywhere.
  const far = role === "platform_admin" || rank(roles.access_levels, level) >= rank(roles.access_levels, rule.from_access_level);
  return strong && far;
}

/** What each role may do, at the access level one chooses. */
export function RolesPage() {
  const roles = useQuery(rolesQuery);
  const clients = useQuery(clientsQuery);
  const navigate = useNavigate();
  const [level, setLevel] = useState("super_admin");

  if (roles.isLoadingError) return <ProblemView error={roles.error} onRetry={() => void roles.refetch()} />;
  const it = roles.data;
  const columns: Column<Rule>[] = [
    {
      id: "permission",
      head: "Permission",
      by: ({ name }) => name,
      cell: ({ name, sentence }) => (
        <>
          {sentence}
          <span className="list-note">
            <code>{name}</code>
          </span>
        </>
      ),
    },
    { id: "scope", head: "In", wide: true, by: ({ scope }) => scope, cell: ({ scope }) => PLACES[scope] ?? scope },
    ...(it?.roles ?? []).map(
      (role): Column<Rule> => ({
        id: role.name,
        head: role.title,
        cell: (rule) =>
          it !== undefined && has(it, rule, role.name, level) ? "Yes" : <span className="matrix-no">No</span>,
      }),
    ),
  ];
  const open = (clients.data ?? []).filter((client) => allows("member.view", client));

  return (
    <>
      <header className="page-head">
        <h1>Roles</h1>
        <p className="quiet">
          A role says what kind of work somebody does, an access level how far it goes in a client account or an engagement. Both
          must allow it.
        </p>
      </header>
      <div className="toolbar">
        <SelectField
          label="At the access level"
          value={level}
          onText={setLevel}
          options={(it?.access_levels ?? []).map(({ name, title }) => ({ value: name, label: title }))}
        />
        {open.length > 0 && (
          <SelectField
            label="Who has access to"
            value=""
            onText={(clientId) => void navigate({ to: "/clients/$clientId/members", params: { clientId } })}
            options={[{ value: "", label: "Choose a client account" }, ...open.map(({ id, name }) => ({ value: id, label: name }))]}
          />
        )}
      </div>
      <div className="matrix">
        <Table label="What each role may do" columns={columns} rows={it?.permissions} rowKey={({ name }) => name} />
      </div>
    </>
  );
}
