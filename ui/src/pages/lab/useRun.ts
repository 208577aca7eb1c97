import { useCallback, useEffect, useState } from "react";
import { cureRun, endRun, readRun, type Run } from "../../api/diagnosis";
import { fromThrown, Problem } from "../../api/problem";
import { pause } from "../../pause";

const RETRY_MS = 1000;

const LIVE: ReadonlySet<Run["state"]> = new Set(["running", "diagnosed", "curing"]);

/** Whether a run's cluster may still be there. */
export const isLive = (run: Run | undefined): boolean => run !== undefined && LIVE.has(run.state);

export interface RunWatch {
  run: Run | undefined;
  /** Why the run cannot be read. */
  error: Problem | undefined;
  /** Why the last thing asked of it was refused. */
  refusal: Problem | undefined;
  clearRefusal: () => void;
  cure: () => Promise<void>;
  end: () => Promise<void>;
}

/** Follows a run by long polls until its cluster is gone, and asks things of it. */
export function useRun(id: string | undefined): RunWatch {
  const [seen, setSeen] = useState<Run>();
  const [error, setError] = useState<{ id: string; problem: Problem }>();
  const [refusal, setRefusal] = useState<Problem>();

  useEffect(() => {
    if (id === undefined) return;
    const stop = new AbortController();
    const stopped = () => stop.signal.aborted;
    const follow = async () => {
      let after: number | undefined;
      while (!stopped()) {
        try {
          const news = await readRun(id, after, stop.signal);
          if (stopped()) return;
          after = news.revision;
          setSeen(news);
          setError(undefined);
          if (!isLive(news)) return;
        } catch (thrown) {
          if (stopped()) return;
          if (thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500) {
            setError({ id, problem: thrown });
            return;
          }
          await pause(RETRY_MS, stop.signal);
        }
      }
    };
    void follow();
    return () => stop.abort(new DOMException("another run is shown", "AbortError"));
  }, [id]);

  const ask = useCallback(async (work: Promise<unknown>) => {
    setRefusal(undefined);
    try {
      await work;
    } catch (thrown) {
      setRefusal(fromThrown(thrown));
    }
  }, []);

  return {
    run: seen?.id === id ? seen : undefined,
    error: error?.id === id ? error?.problem : undefined,
    refusal,
    clearRefusal: useCallback(() => setRefusal(undefined), []),
    cure: useCallback(async () => (id === undefined ? undefined : ask(cureRun(id))), [ask, id]),
    end: useCallback(async () => (id === undefined ? undefined : ask(endRun(id))), [ask, id]),
  };
}
