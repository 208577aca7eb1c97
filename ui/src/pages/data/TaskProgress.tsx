import { useEffect, useState } from "react";
import { cancelTask, type Task } from "../../api/maintenance";
import { fromThrown, type Problem } from "../../api/problem";
import { Button } from "../../parts/Button";
import { size } from "../../words";

/** What is done sooner needs no bar. */
const SLOW_MS = 1000;

const DOING: Record<Task["kind"], string> = {
  reset: "Resetting the data",
  undo: "Bringing back the earlier state",
  snapshot_create: "Making a snapshot",
  snapshot_restore: "Restoring a snapshot",
  snapshot_export: "Exporting a snapshot",
  snapshot_import: "Importing a snapshot",
};

/** The task while it runs, once it has run for a second. */
function useSlow(task: Task | null | undefined): Task | undefined {
  const [late, setLate] = useState<string>();
  const running = task?.state === "running" ? task : undefined;
  const [id, left] = [running?.id, SLOW_MS - (running?.elapsed_ms ?? 0)];
  useEffect(() => {
    if (id === undefined) return;
    const timer = setTimeout(() => setLate(id), Math.max(0, left));
    return () => clearTimeout(timer);
  }, [id, left]);
  return id === late ? running : undefined;
}

interface Props {
  task: Task | null | undefined;
  onProblem: (problem: Problem) => void;
}

/** How far a task is that takes longer than a second, and the way to stop it. */
export function TaskProgress({ task, onProblem }: Props) {
  const slow = useSlow(task);
  const [stopping, setStopping] = useState<string>();
  if (slow === undefined) return null;

  const cancel = async () => {
    setStopping(slow.id);
    try {
      await cancelTask();
    } catch (thrown) {
      setStopping(undefined);
      onProblem(fromThrown(thrown));
    }
  };

  const { done_bytes: done, total_bytes: total } = slow;
  const share = total == null || total === 0 ? undefined : Math.min(1, done / total);
  const amount = total == null ? size(done) : `${size(done)} of ${size(total)}`;
  return (
    <section className="progress" aria-label="Under way">
      <p className="progress-what">{DOING[slow.kind]}</p>
      <p className="progress-amount figures">{amount}</p>
      <div
        className="progress-bar"
        role="progressbar"
        aria-label={DOING[slow.kind]}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === undefined ? undefined : Math.floor(share * 100)}
        aria-valuetext={amount}
      >
        <span style={{ width: share === undefined ? undefined : `${share * 100}%` }} data-endless={share === undefined || undefined} />
      </div>
      <p className="progress-step quiet">{slow.step}</p>
      {slow.kind.startsWith("snapshot_") && (
        <Button busy={stopping === slow.id} onClick={() => void cancel()}>
          Cancel
        </Button>
      )}
    </section>
  );
}
