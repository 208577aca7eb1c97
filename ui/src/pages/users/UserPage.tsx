import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { reactivateUser, refreshUser, setPlatformRole, userQuery, type UserDetails } from "../../api/admin";
import { fromThrown, type Problem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { useMay } from "../../app/may";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Dialog";
import { Moment } from "../../parts/Moment";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton } from "../../parts/Skeleton";
import { Table } from "../../parts/Table";
import { useToast } from "../../parts/Toast";
import { roleName } from "../../roles";
import { day, label } from "../../words";
import { ApproveForm } from "./ApproveForm";
import { ReasonForm } from "./ReasonForm";
import "../clients/clients.css";

type Role = UserDetails["roles"][number];

function where({ scope, client_account }: Role): string {
  if (scope === "global") return "Everywhere";
  return scope === "engagement" ? `One engagement of ${client_account ?? "?"}` : (client_account ?? "?");
}

/** One user: who they are, roles, access and sessions; for who may, what is to be decided about them. */
export function UserPage() {
  const { userId } = useParams({ from: "/signed-in/users/$userId" });
  const user = useQuery(userQuery(userId));
  const me = useQuery(meQuery).data?.user;
  const queries = useQueryClient();
  const say = useToast();
  const [open, setOpen] = useState<"approve" | "reject" | "suspend" | "role">();
  const [problem, setProblem] = useState<Problem>();
  const mayApprove = useMay("user.approve");
  const maySuspend = useMay("user.suspend");
  const mayAssign = useMay("role.assign");

  if (user.isLoadingError) {
    return (
      <ProblemView error={user.error} onRetry={() => void user.refetch()}>
        <Link to="/users" className="button button-plain">
          All users
        </Link>
      </ProblemView>
    );
  }
  const it = user.data;
  const close = () => setOpen(undefined);
  const oneself = it !== undefined && it.id === me?.id;

  const act = async (send: () => Promise<UserDetails>, text: string) => {
    setProblem(undefined);
    try {
      await refreshUser(queries, await send());
      say({ text });
    } catch (thrown) {
      const refusal = fromThrown(thrown);
      setProblem(refusal);
      if (refusal.code === "conflict.stale") void user.refetch();
    }
  };

  return (
    <>
      <header className="page-head page-head-actions">
        <div>
          <h1>{it?.full_name ?? <Skeleton width="12rem" />}</h1>
          <p className="quiet">{it?.email ?? " "}</p>
        </div>
        {it !== undefined && (
          <div className="section-actions">
            {mayApprove && it.status === "pending_approval" && (
              <>
                <Button look="primary" onClick={() => setOpen("approve")}>
                  Approve
                </Button>
                <Button onClick={() => setOpen("reject")}>Reject</Button>
              </>
            )}
            {mayAssign && it.status === "active" && !oneself && (
              <Button onClick={() => setOpen("role")}>
                {it.is_platform_admin ? "Take platform admin" : "Make platform admin"}
              </Button>
            )}
            {maySuspend && it.status === "active" && !oneself && <Button onClick={() => setOpen("suspend")}>Suspend</Button>}
            {maySuspend && ["suspended", "deactivated"].includes(it.status) && (
              <Button look="primary" onClick={() => void act(() => reactivateUser(it.id), `${it.full_name} may sign in again.`)}>
                Let in again
              </Button>
            )}
          </div>
        )}
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      {it !== undefined && (
        <dl className="facts">
          <div>
            <dt>Status</dt>
            <dd>{label(it.status)}</dd>
          </div>
          {it.status_reason != null && (
            <div>
              <dt>Reason</dt>
              <dd>{it.status_reason}</dd>
            </div>
          )}
          <div>
            <dt>Organisation</dt>
            <dd>{label(it.organization)}</dd>
          </div>
          <div>
            <dt>Does there</dt>
            <dd>{label(it.role_description)}</dd>
          </div>
          <div>
            <dt>Telephone</dt>
            <dd>{label(it.phone_number)}</dd>
          </div>
          <div>
            <dt>Can vouch</dt>
            <dd>{it.manager_email ?? label(null)}</dd>
          </div>
          <div>
            <dt>Asked for</dt>
            <dd>{label(it.requested_access_level)}</dd>
          </div>
          <div>
            <dt>Registered</dt>
            <dd>
              <Moment at={it.registered_at} />
            </dd>
          </div>
          <div>
            <dt>Last signed in</dt>
            <dd>{it.last_login_at == null ? "Never" : <Moment at={it.last_login_at} />}</dd>
          </div>
          {it.registration_reason != null && (
            <div className="facts-wide">
              <dt>Why they asked</dt>
              <dd>{it.registration_reason}</dd>
            </div>
          )}
        </dl>
      )}
      <section className="section">
        <h2>Access</h2>
        <Table
          label="Access to client accounts"
          rows={it?.client_access}
          rowKey={({ client_account_id }) => client_account_id}
          columns={[
            {
              id: "client",
              head: "Client account",
              cell: ({ client_account, client_account_id }) => (
                <Link to="/clients/$clientId/members" params={{ clientId: client_account_id }}>
                  {client_account}
                </Link>
              ),
            },
            { id: "role", head: "Role", cell: ({ role }) => roleName(role) },
            { id: "level", head: "Access", cell: ({ access_level }) => label(access_level) },
            { id: "status", head: "Status", cell: ({ status }) => label(status) },
            { id: "until", head: "Until", wide: true, cell: ({ expires_at }) => (expires_at == null ? "No end" : day(expires_at)) },
          ]}
          empty={<p className="empty">{it?.is_platform_admin === true ? "A platform admin needs none." : "No client account is open to them."}</p>}
        />
      </section>
      <section className="section">
        <h2>Roles</h2>
        <Table
          label="Roles"
          rows={it?.roles}
          rowKey={({ id }) => id}
          columns={[
            { id: "role", head: "Role", cell: ({ role }) => roleName(role) },
            { id: "where", head: "Where", cell: where },
            { id: "state", head: "Counts", cell: ({ in_force }) => (in_force ? "Yes" : "No") },
            { id: "until", head: "Until", wide: true, cell: ({ expires_at }) => (expires_at == null ? "No end" : day(expires_at)) },
          ]}
          empty={<p className="empty">No role.</p>}
        />
      </section>
      <section className="section">
        <h2>Sessions</h2>
        <Table
          label="Sessions"
          rows={it?.sessions}
          rowKey={({ id }) => id}
          columns={[
            { id: "agent", head: "Where from", cell: ({ user_agent }) => user_agent ?? "Not told" },
            { id: "began", head: "Began", cell: ({ created_at }) => <Moment at={created_at} /> },
            { id: "seen", head: "Last used", cell: ({ last_seen_at }) => <Moment at={last_seen_at} /> },
          ]}
          empty={<p className="empty">Not signed in anywhere.</p>}
        />
      </section>
      {open === "approve" && it !== undefined && <ApproveForm user={it} onClose={close} />}
      {(open === "reject" || open === "suspend") && it !== undefined && <ReasonForm user={it} deed={open} onClose={close} />}
      {it !== undefined && (
        <Confirm
          open={open === "role"}
          onOpen={(on) => setOpen(on ? "role" : undefined)}
          title={it.is_platform_admin ? `Take platform admin from ${it.full_name}?` : `Make ${it.full_name} a platform admin?`}
          does={it.is_platform_admin ? "Take it" : "Make platform admin"}
          onConfirm={() =>
            void act(
              () => setPlatformRole(it, !it.is_platform_admin),
              it.is_platform_admin ? `${it.full_name} is no platform admin any more.` : `${it.full_name} is a platform admin.`,
            )
          }
        >
          <p>
            {it.is_platform_admin
              ? "They keep their access to client accounts, and lose everything that concerns all of them."
              : "They can do everything in every client account, and reset or restore all data."}{" "}
            Every session of theirs ends now.
          </p>
        </Confirm>
      )}
    </>
  );
}
