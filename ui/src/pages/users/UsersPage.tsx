import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { usersQuery, type UserSummary } from "../../api/admin";
import { useMay } from "../../app/may";
import { Button } from "../../parts/Button";
import { NoMatch } from "../../parts/Empty";
import { SelectField, TextField } from "../../parts/Field";
import { Moment } from "../../parts/Moment";
import { ProblemView } from "../../parts/ProblemView";
import { Table, type Column } from "../../parts/Table";
import { counted, figure, label } from "../../words";
import { ApproveForm } from "./ApproveForm";
import { ReasonForm } from "./ReasonForm";
import "../clients/clients.css";

const STATUSES = ["pending_approval", "active", "suspended", "deactivated", "rejected"];

/** Everybody who has an account or has asked for one; registrations are decided on here. */
export function UsersPage() {
  const filter = useSearch({ from: "/signed-in/users" });
  const navigate = useNavigate();
  const users = useQuery(usersQuery(filter));
  const pending = useQuery(usersQuery({ status: "pending_approval" }));
  const mayApprove = useMay("user.approve");
  const [deciding, setDeciding] = useState<{ user: UserSummary; approve: boolean }>();
  const [text, setText] = useState(filter.q ?? "");

  if (users.isLoadingError) return <ProblemView error={users.error} onRetry={() => void users.refetch()} />;

  const show = (next: Partial<Record<"status" | "q", string | undefined>>) => {
    const merged = { ...filter, ...next };
    const search = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ""));
    void navigate({ to: "/users", search, replace: true });
  };
  const close = () => setDeciding(undefined);

  const columns: Column<UserSummary>[] = [
    {
      id: "name",
      head: "User",
      by: ({ full_name }) => full_name,
      cell: (user) => (
        <>
          <Link to="/users/$userId" params={{ userId: user.id }} className="row-link">
            {user.full_name}
          </Link>
          <span className="list-note">{user.email}</span>
        </>
      ),
    },
    {
      id: "status",
      head: "Status",
      wide: filter.status === "pending_approval",
      by: ({ status }) => status,
      cell: (user) => (
        <>
          {label(user.status)}
          {user.is_platform_admin && <span className="list-note">Platform admin</span>}
        </>
      ),
    },
    { id: "organization", head: "Organisation", wide: true, by: ({ organization }) => organization, cell: ({ organization }) => label(organization) },
    {
      id: "asks",
      head: filter.status === "pending_approval" ? "Asks for" : "Client accounts",
      wide: true,
      number: filter.status !== "pending_approval",
      by: ({ client_account_count }) => client_account_count,
      cell: (user) =>
        filter.status === "pending_approval" ? (
          <>
            {label(user.requested_access_level)}
            <span className="list-note">{user.registration_reason}</span>
          </>
        ) : (
          figure(user.client_account_count)
        ),
    },
    {
      id: "seen",
      head: filter.status === "pending_approval" ? "Registered" : "Last signed in",
      wide: true,
      by: ({ last_login_at, registered_at }) => (filter.status === "pending_approval" ? registered_at : last_login_at),
      cell: ({ last_login_at, registered_at }) => {
        const at = filter.status === "pending_approval" ? registered_at : last_login_at;
        return at == null ? "Never" : <Moment at={at} />;
      },
    },
    {
      id: "actions",
      head: "Actions",
      hiddenHead: true,
      cell: (user) =>
        mayApprove &&
        user.status === "pending_approval" && (
          <div className="row-actions section-actions over-link">
            <Button onClick={() => setDeciding({ user, approve: true })} aria-label={`Approve ${user.full_name}`}>
              Approve
            </Button>
            <Button look="quiet" onClick={() => setDeciding({ user, approve: false })} aria-label={`Reject ${user.full_name}`}>
              Reject
            </Button>
          </div>
        ),
    },
  ];
  const waiting = pending.data?.total ?? 0;
  const filtered = filter.status !== undefined || filter.q !== undefined;

  return (
    <>
      <header className="page-head page-head-actions">
        <div>
          <h1>Users</h1>
          <p className="quiet">
            {users.data === undefined ? " " : counted(users.data.total, "user")}
            {waiting > 0 && filter.status !== "pending_approval" && (
              <>
                {", "}
                <Link to="/users" search={{ status: "pending_approval" }}>
                  {counted(waiting, "registration")} to decide on
                </Link>
              </>
            )}
          </p>
        </div>
      </header>
      <form
        className="toolbar"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          show({ q: text.trim() });
        }}
      >
        <TextField label="Search" type="search" name="q" value={text} onText={setText} placeholder="Name, e-mail, organisation" />
        <SelectField
          label="Status"
          name="status"
          value={filter.status ?? ""}
          onText={(status) => show({ status })}
          options={[{ value: "", label: "All" }, ...STATUSES.map((value) => ({ value, label: label(value) }))]}
        />
        <Button type="submit">Search</Button>
      </form>
      <Table
        label="Users"
        columns={columns}
        rows={users.data?.users}
        rowKey={({ id }) => id}
        sort="name"
        linked
        empty={
          filtered && (
            <NoMatch
              title={filter.status === "pending_approval" && filter.q === undefined ? "No registration is waiting" : "Nobody matches"}
              onClear={() => {
                setText("");
                show({ status: undefined, q: undefined });
              }}
            >
              <p>
                {filter.status === "pending_approval" && filter.q === undefined
                  ? "Whoever registers on the sign-in page shows up here."
                  : "No user has this status and this text in name, e-mail or organisation."}
              </p>
            </NoMatch>
          )
        }
      />
      {users.data?.next_cursor != null && <p className="quiet">The first {figure(users.data.users.length)} are shown. Search to see others.</p>}
      {deciding?.approve === true && <ApproveForm user={deciding.user} onClose={close} />}
      {deciding?.approve === false && <ReasonForm user={deciding.user} deed="reject" onClose={close} />}
    </>
  );
}
