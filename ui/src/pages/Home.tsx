import { useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { clientsQuery, meQuery, type User } from "../api/queries";
import { useHere } from "../app/place";
import { Empty } from "../parts/Empty";
import { Icon } from "../parts/Icon";
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
  if (here.clients?.length === 0) return <NoClients me={me} />;
  return null;
}

/** Somebody signed in who may see no client account; for a platform admin, because there is none. */
export function NoClients({ me }: { me: User | undefined }) {
  if (me?.role_type === "platform_admin") {
    return (
      <>
        <h1>Client accounts</h1>
        <Empty title="There is no client account yet">
          <p>
            You administer this platform, and its database holds no client account. They cannot be created here yet, but you
            can bring some in:
          </p>
          <ul className="ways">
            <li>Restore a snapshot that has client accounts, or import one from another machine.</li>
            <li>
              Run <code>drydock seed --profile demo</code> for made-up data. It replaces this database, your account included;{" "}
              <code>drydock reset --undo</code> brings it back.
            </li>
          </ul>
          <Link to="/data" className="button button-primary">
            <Icon name="data" />
            Snapshots
          </Link>
        </Empty>
      </>
    );
  }
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
