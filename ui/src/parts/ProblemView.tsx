import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { lastRequests } from "../api/connection";
import { fromThrown, type Problem } from "../api/problem";
import { bootQuery } from "../api/queries";
import { Button } from "./Button";
import { CopyReport } from "./CopyReport";
import { Icon } from "./Icon";
import "./ProblemView.css";

/** What helps whoever looks after the installation: no input, no answer and no token is in it. */
export function reportOf(problem: Problem, boot: string | undefined): string {
  return [
    `Code: ${problem.code}`,
    `Status: ${problem.status === 0 ? "no answer" : problem.status}`,
    `What: ${problem.title}`,
    `Why: ${problem.detail}`,
    `Request: ${problem.requestId ?? "none"}`,
    `Page: ${location.pathname}`,
    `Time: ${new Date().toISOString()}`,
    "",
    boot ?? "The boot report is not available.",
    "",
    "The last requests of this page:",
    ...lastRequests(),
  ].join("\n");
}

interface Props {
  error: unknown;
  onRetry?: () => void;
  children?: ReactNode;
}

/** A page-sized error: what happened, why, what to do next, its code, and a report to copy. */
export function ProblemView({ error, onRetry, children }: Props) {
  const problem = fromThrown(error);
  const boot = useQuery({ ...bootQuery, enabled: false });
  // Asking again does not help, so it is not what is offered first.
  const refused = problem.status === 403 || problem.status === 404;
  return (
    <section className="problem" role="alert" aria-labelledby="problem-title">
      <Icon name="alert" />
      <h1 id="problem-title">{problem.title}</h1>
      <p>{problem.detail}</p>
      <p>
        <strong>Next step:</strong>{" "}
        {problem.nextStep !== "" ? problem.nextStep : "Try again, or copy the report and send it on."}
      </p>
      <p className="quiet">
        Code <code>{problem.code}</code>
        {problem.requestId !== undefined && (
          <>
            , request <code>{problem.requestId}</code>
          </>
        )}
      </p>
      <div className="problem-actions">
        {onRetry !== undefined && (
          <Button {...(!refused && { look: "primary" as const })} onClick={onRetry}>
            <Icon name="retry" />
            Try again
          </Button>
        )}
        {/* What is not there, or not for this user, must not be the end of the way. */}
        {children ??
          (refused && (
            <>
              <Link to="/" className="button button-primary">
                Start page
              </Link>
              <Link to="/clients" className="button button-plain">
                All client accounts
              </Link>
            </>
          ))}
        <CopyReport report={reportOf(problem, boot.data?.report)} />
      </div>
    </section>
  );
}
