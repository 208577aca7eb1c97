import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { engagementsQuery } from "../../api/queries";
import { Empty } from "../../parts/Empty";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton } from "../../parts/Skeleton";
import { day, figure, label } from "../../words";

/** The engagements of one client account. */
export function EngagementsPage() {
  const { clientId } = useParams({ from: "/signed-in/clients/$clientId/engagements" });
  const engagements = useQuery(engagementsQuery(clientId));

  if (engagements.isLoadingError) {
    return (
      <ProblemView error={engagements.error} onRetry={() => void engagements.refetch()}>
        <Link to="/clients" className="button button-plain">
          All client accounts
        </Link>
      </ProblemView>
    );
  }

  return (
    <>
      <header className="page-head">
        <h1>Engagements</h1>
        <p className="quiet">Each engagement is one project of this client account.</p>
      </header>
      <div className="list-frame">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Engagement</th>
              <th scope="col">Status</th>
              <th scope="col" className="wide">
                Kind
              </th>
              <th scope="col" className="wide">
                Priority
              </th>
              <th scope="col" className="wide">
                Starts
              </th>
              <th scope="col" className="wide">
                Due
              </th>
              <th scope="col" className="number">
                Assets
              </th>
            </tr>
          </thead>
          <tbody>
            {engagements.data === undefined
              ? [0, 1].map((row) => (
                  <tr key={row}>
                    <td>
                      <Skeleton width="12rem" />
                    </td>
                    <td>
                      <Skeleton width="4rem" />
                    </td>
                    <td className="wide" colSpan={4} />
                    <td />
                  </tr>
                ))
              : engagements.data.map((engagement) => (
                  <tr key={engagement.id} className="list-link">
                    <th scope="row">
                      <Link
                        to="/clients/$clientId/engagements/$engagementId/overview"
                        params={{ clientId, engagementId: engagement.id }}
                        className="row-link"
                      >
                        {engagement.name}
                      </Link>
                      {engagement.description != null && <span className="list-note">{engagement.description}</span>}
                    </th>
                    <td>{label(engagement.status)}</td>
                    <td className="wide">{label(engagement.engagement_type)}</td>
                    <td className="wide">{label(engagement.priority)}</td>
                    <td className="wide">{day(engagement.start_date)}</td>
                    <td className="wide">{day(engagement.target_completion_date)}</td>
                    <td className="number">{figure(engagement.asset_count)}</td>
                  </tr>
                ))}
          </tbody>
        </table>
        {engagements.data?.length === 0 && (
          <Empty title="No engagement yet">
            <p>This client account has no engagement. A client admin or engagement manager can create one.</p>
          </Empty>
        )}
      </div>
    </>
  );
}
