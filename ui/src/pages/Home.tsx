import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { clientsQuery, meQuery, type User } from "../api/queries";
import { useHere } from "../app/place";
import { Empty } from "../parts/Empty";
import { ProblemView } from "../parts/ProblemView";

/** Leads on to where one was last, or to the first client account there is. */
export function Home() {
  const here = useHere();
  const { refetch } = useQuery(clientsQuery);
  const me = useQuery(meQuery).data?.user;
  const { clientId, engagementId } = here;

  if (clientId !== undefined && engagementId !== undefined) {
    return (
      <Navigate
        to="/clients/$clientId/engagements/$engagementId/overview"
        params={{ clientId, engagementId }}
        replace
      />
    );
  }
  if (clientId !== undefined && (here.engagements !== undefined || here.error !== null)) {
    return <Navigate to="/clients/$clientId/engagements" params={{ clientId }} replace />;
  }
  if (here.error !== null) return <ProblemView error={here.error} onRetry={() => void refetch()} />;
  if (here.clients?.length === 0) {
    // For a platform admin there is none at all, and their page of client accounts makes the first.
    return me?.role_type === "platform_admin" ? <Navigate to="/clients" replace /> : <NoClients me={me} />;
  }
  return null;
}

/** Somebody signed in who may see no client account. */
export function NoClients({ me }: { me: User | undefined }) {
  return (
    <>
      <h1>Client accounts</h1>
      <Empty title="You have no client account yet">
        <p>
          {me?.email ?? "This user"} is signed in, but no client account is open to this user. A platform admin or the client
          admin of the client account can add you.
        </p>
      </Empty>
    </>
  );
}
