import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { clientsQuery, meQuery } from "../../api/queries";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton } from "../../parts/Skeleton";
import { roleName } from "../../roles";
import { figure, label } from "../../words";
import { NoClients } from "../Home";

/** The client accounts one may see. */
export function ClientsPage() {
  const clients = useQuery(clientsQuery);
  const me = useQuery(meQuery).data?.user;

  if (clients.isLoadingError) return <ProblemView error={clients.error} onRetry={() => void clients.refetch()} />;
  if (clients.data?.length === 0) return <NoClients me={me} />;

  return (
    <>
      <header className="page-head">
        <h1>Client accounts</h1>
        <p className="quiet">The client accounts you may see, and as what.</p>
      </header>
      <div className="list-frame">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Client account</th>
              <th scope="col" className="wide">
                Industry
              </th>
              <th scope="col" className="wide">
                Your role
              </th>
              <th scope="col" className="number">
                Engagements
              </th>
              <th scope="col" className="number">
                Assets
              </th>
            </tr>
          </thead>
          <tbody>
            {clients.data === undefined
              ? [0, 1, 2].map((row) => (
                  <tr key={row}>
                    <td>
                      <Skeleton width="12rem" />
                    </td>
                    <td className="wide" />
                    <td className="wide" />
                    <td />
                    <td />
                  </tr>
                ))
              : clients.data.map((client) => (
                  <tr key={client.id} className="list-link">
                    <th scope="row">
                      <Link to="/clients/$clientId/engagements" params={{ clientId: client.id }} className="row-link">
                        {client.name}
                      </Link>
                      {client.description != null && <span className="list-note">{client.description}</span>}
                    </th>
                    <td className="wide">{label(client.industry)}</td>
                    <td className="wide">{roleName(client.role)}</td>
                    <td className="number">{figure(client.engagement_count)}</td>
                    <td className="number">{figure(client.asset_count)}</td>
                  </tr>
                ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
