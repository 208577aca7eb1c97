import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { membersQuery, putMember, revokeMember, type Member, type MemberChange } from "../../api/admin";
import { fromThrown, type Problem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { useActions } from "../../app/actions";
import { useMay } from "../../app/may";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Menu, MenuItem } from "../../parts/Menu";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { Table, type Column } from "../../parts/Table";
import { useToast } from "../../parts/Toast";
import { roleName } from "../../roles";
import { day, label } from "../../words";
import { MemberForm } from "./MemberForm";
import "./clients.css";

/** Who has access to a client account, as what and until when; for who may, ways to give, change and take it. */
export function MembersPage() {
  const { clientId } = useParams({ from: "/signed-in/clients/$clientId/members" });
  const members = useQuery(membersQuery(clientId));
  const queries = useQueryClient();
  const me = useQuery(meQuery).data?.user;
  const say = useToast();
  const [form, setForm] = useState<"new" | Member>();
  const [problem, setProblem] = useState<Problem>();
  // Until the answer to a change is there, its version is not known and nothing can be changed on top of it.
  const [waiting, setWaiting] = useState<string>();
  const mayManage = useMay("member.manage");
  const mayAssign = useMay("role.assign");
  const key = membersQuery(clientId).queryKey;

  useActions([
    { id: "member.new", title: "Give somebody access", group: "Create", icon: "plus", when: mayManage, run: () => setForm("new") },
  ]);

  if (members.isLoadingError) {
    return (
      <ProblemView error={members.error} onRetry={() => void members.refetch()}>
        <Link to="/clients" className="button button-plain">
          All client accounts
        </Link>
      </ProblemView>
    );
  }

  /** Shows a change at once, and takes it back with its reason where it is refused. */
  const optimistic = async (member: Member, shown: Partial<Member>, send: () => Promise<Member>) => {
    setProblem(undefined);
    setWaiting(member.user_id);
    await queries.cancelQueries({ queryKey: key });
    const before = queries.getQueryData(key);
    const put = (next: Member) =>
      queries.setQueryData(key, (list) => list?.map((one) => (one.user_id === next.user_id ? next : one)));
    put({ ...member, ...shown });
    try {
      const now = await send();
      put(now);
      return now;
    } catch (thrown) {
      queries.setQueryData(key, before);
      setProblem(fromThrown(thrown));
      void members.refetch();
      return undefined;
    } finally {
      setWaiting(undefined);
    }
  };

  const revoke = async (member: Member) => {
    const now = await optimistic(member, { status: "revoked" }, () => revokeMember(clientId, member));
    if (now === undefined) return;
    const { role, access_level, expires_at } = member;
    say({
      text: `${member.full_name} has no access any more.`,
      undo: {
        label: "Give it back",
        run: () => {
          const change: MemberChange = { role, access_level, expires_at: expires_at ?? null, version: now.version };
          void optimistic(now, { status: "active" }, () => putMember(clientId, now.user_id, change));
        },
      },
    });
  };

  // A client admin looks after analysts and viewers; the others are a platform admin's.
  const mayChange = (member: Member) =>
    // A platform admin's role is for everywhere, and taken on their own page.
    mayManage && member.role !== "platform_admin" && (mayAssign || (["viewer", "analyst"].includes(member.role) && member.user_id !== me?.id));

  const columns: Column<Member>[] = [
    {
      id: "name",
      head: "Member",
      by: ({ full_name }) => full_name,
      cell: (member) => (
        <>
          <strong>{member.full_name}</strong>
          <span className="list-note">{member.email}</span>
          {member.status !== "active" && <span className="list-note narrow">{label(member.status)}</span>}
        </>
      ),
    },
    { id: "role", head: "Role", by: ({ role }) => role, cell: ({ role }) => roleName(role) },
    { id: "level", head: "Access", wide: true, by: ({ access_level }) => access_level, cell: ({ access_level }) => label(access_level) },
    {
      id: "status",
      head: "Status",
      wide: true,
      by: ({ status }) => status,
      cell: (member) => (
        <>
          {label(member.status)}
          {!member.may_sign_in && <span className="list-note">May not sign in</span>}
        </>
      ),
    },
    {
      id: "until",
      head: "Until",
      wide: true,
      by: ({ expires_at }) => expires_at,
      cell: ({ expires_at }) => (expires_at == null ? "No end" : day(expires_at)),
    },
    {
      id: "engagements",
      head: "Engagements",
      wide: true,
      cell: ({ engagements, access_level }) => {
        const closed = engagements.filter((one) => one.access_level == null).length;
        const other = engagements.filter((one) => one.access_level != null && one.access_level !== access_level).length;
        return [closed > 0 && `${closed} closed`, other > 0 && `${other} at another level`].filter(Boolean).join(", ") || "All";
      },
    },
    {
      id: "actions",
      head: "Actions",
      hiddenHead: true,
      cell: (member) =>
        mayChange(member) && (
          <div className="row-actions">
            <Menu
              align="end"
              trigger={
                <Button look="quiet" className="button-icon" aria-label={`What to do with ${member.full_name}`} disabled={waiting === member.user_id}>
                  <Icon name="more" />
                </Button>
              }
            >
              <MenuItem onSelect={() => setForm(member)}>{member.status === "active" ? "Change" : "Give access"}</MenuItem>
              {member.status === "active" && <MenuItem onSelect={() => void revoke(member)}>Take access</MenuItem>}
            </Menu>
          </div>
        ),
    },
  ];

  return (
    <>
      <header className="page-head page-head-actions">
        <div>
          <h1>Members</h1>
          <p className="quiet">Who has been given access to this client account. Platform admins see all of it, listed here or not.</p>
        </div>
        {mayManage && (
          <Button look="primary" onClick={() => setForm("new")}>
            <Icon name="plus" />
            Give access
          </Button>
        )}
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      <Table
        label="Members"
        columns={columns}
        rows={members.data}
        rowKey={({ user_id }) => user_id}
        sort="name"
        empty={
          <Empty title="Nobody has access yet">
            <p>Give access to somebody who has an account; who has none registers first.</p>
          </Empty>
        }
      />
      {form !== undefined && (
        <MemberForm
          clientId={clientId}
          {...(form !== "new" && { member: form })}
          mayAssign={mayAssign}
          onClose={() => setForm(undefined)}
        />
      )}
    </>
  );
}
