import { fromThrown } from "../../api/problem";
import { Button } from "../../parts/Button";

/** A part of the page that could not be read; the others stay. */
export function Unread({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const problem = fromThrown(error);
  return (
    <div className="monitoring-bad" role="alert">
      <p>
        <strong>{problem.title}</strong> {problem.detail}
      </p>
      <p>{problem.nextStep}</p>
      <p className="quiet">
        Code <code>{problem.code}</code>
      </p>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}
