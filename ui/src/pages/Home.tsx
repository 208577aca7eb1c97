import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { clientsQuery, meQuery } from "../api/queries";
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
  if (here.clients?.length === 0) return <NoClients email={me?.email} />;
  return null;
}

/** Somebody signed in who may see no client account. */
export function NoClients({ email }: { email: string | undefined }) {
  return (
    <Empty title="You have no client account yet">
      <p>
        {email ?? "This user"} is signed in, but no client account is open to this user. A platform admin or the client
        admin of the client account can add you.
      </p>
    </Empty>
  );
}
