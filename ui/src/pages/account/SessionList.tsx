import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { endSession, sessionsQuery, signOutEverywhere, type OwnSession } from "../../api/account";
import { fromThrown } from "../../api/problem";
import { session } from "../../api/session";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Dialog";
import { Moment } from "../../parts/Moment";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { Table, type Column } from "../../parts/Table";
import { failure, useToast } from "../../parts/Toast";
import { device } from "./device";

/** Where one is signed in, each to be ended alone, and all at once. */
export function SessionList() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  const [asking, setAsking] = useState(false);
  const sessions = useQuery(sessionsQuery);

  const end = useMutation({
    mutationFn: ({ id }: OwnSession) => endSession(id),
    onSuccess: (_, ended) => say({ text: `Signed out: ${device(ended.user_agent)}.` }),
    onError: (thrown) => say(failure(thrown, "The session was not ended:")),
    onSettled: () => queries.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
  const everywhere = useMutation({
    mutationFn: signOutEverywhere,
    onSuccess: async () => {
      session.end();
      await navigate({ to: "/login" });
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "boot" && queryKey[0] !== "demo-accounts" });
    },
  });

  const columns: readonly Column<OwnSession>[] = [
    {
      id: "device",
      head: "Where",
      cell: (row) => (
        <>
          <span title={row.user_agent ?? undefined}>{device(row.user_agent)}</span>
          {row.current && <span className="list-note">This session</span>}
        </>
      ),
    },
    { id: "seen", head: "Last used", cell: (row) => (row.current ? "Now" : <Moment at={row.last_seen_at} />), by: (row) => row.last_seen_at },
    { id: "begun", head: "Signed in", cell: (row) => <Moment at={row.created_at} />, by: (row) => row.created_at, wide: true },
    { id: "ends", head: "Ends if not used", cell: (row) => <Moment at={row.idle_at} />, by: (row) => row.idle_at, wide: true },
    {
      id: "end",
      head: "End the session",
      hiddenHead: true,
      cell: (row) =>
        !row.current && (
          <Button
            aria-label={`Sign out ${device(row.user_agent)}`}
            busy={end.isPending && end.variables.id === row.id}
            onClick={() => end.mutate(row)}
          >
            Sign out
          </Button>
        ),
    },
  ];

  return (
    <section aria-labelledby="sessions-title" className="sessions">
      <header className="sessions-head">
        <div>
          <h2 id="sessions-title">Sessions</h2>
          <p className="quiet">Where you are signed in. A session ends after two hours without use, and after twelve at the latest.</p>
        </div>
        <Button onClick={() => setAsking(true)} busy={everywhere.isPending}>
          Sign out everywhere
        </Button>
      </header>
      {everywhere.isError && <ProblemNotice problem={fromThrown(everywhere.error)} onClose={() => everywhere.reset()} />}
      {sessions.isError ? (
        <ProblemView error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : (
        <Table label="Sessions" columns={columns} rows={sessions.data} rowKey={(row) => row.id} />
      )}
      <Confirm
        open={asking}
        onOpen={setAsking}
        title="Sign out everywhere?"
        does="Sign out everywhere"
        onConfirm={() => everywhere.mutate()}
      >
        <p>Every session of yours ends at once, this one too. You sign in again afterwards.</p>
      </Confirm>
    </section>
  );
}
