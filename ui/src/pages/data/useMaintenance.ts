import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { forget, readMaintenance, snapshotsQuery, type Status, type Undo } from "../../api/maintenance";
import { Problem } from "../../api/problem";
import { pause } from "../../pause";

const RETRY_MS = 1000;

export interface MaintenanceWatch {
  /** The last news; undefined until the first answer. */
  status: Status | undefined;
  /** Tasks that were seen running. */
  seen: ReadonlySet<string>;
  /** Why there is no more news; a lost connection is waited out instead. */
  error: Problem | undefined;
  /** Asks again after an error. */
  retry: () => void;
  /** To be told what a swap answered: forgets what was read before it, once. */
  swapped: (undo: Undo | null | undefined) => Promise<void>;
  /** Whether no other swap has come after that one. */
  isLast: (undo: Undo) => boolean;
}

const mark = (undo: Undo | null | undefined) => (undo == null ? "" : `${undo.cause} ${undo.at}`);

/** Follows by long polls what happens to the data, and forgets what was read as soon as it has been replaced. */
export function useMaintenance(): MaintenanceWatch {
  const queries = useQueryClient();
  const [status, setStatus] = useState<Status>();
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<Problem>();
  const [round, setRound] = useState(0);
  const last = useRef<string>(undefined);

  const swapped = useCallback(
    async (undo: Undo | null | undefined) => {
      const before = last.current;
      last.current = mark(undo);
      if (before !== undefined && before !== last.current) await forget(queries);
    },
    [queries],
  );

  useEffect(() => {
    const stop = new AbortController();
    const stopped = () => stop.signal.aborted;
    const follow = async () => {
      let after: number | undefined;
      while (!stopped()) {
        try {
          const news = await readMaintenance(after, stop.signal);
          const changed = news.revision !== after;
          after = news.revision;
          setStatus(news);
          setError(undefined);
          void swapped(news.undo);
          const { task } = news;
          if (task?.state === "running") setSeen((ids) => (ids.has(task.id) ? ids : new Set(ids).add(task.id)));
          else if (changed) void queries.invalidateQueries({ queryKey: snapshotsQuery.queryKey });
        } catch (thrown) {
          if (stopped()) return;
          if (thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500) {
            setError(thrown);
            return;
          }
          await pause(RETRY_MS, stop.signal);
        }
      }
    };
    void follow();
    return () => stop.abort(new DOMException("the page moved on", "AbortError"));
  }, [queries, round, swapped]);

  return {
    status,
    seen,
    error,
    retry: useCallback(() => setRound((n) => n + 1), []),
    swapped,
    isLast: useCallback((undo) => last.current === mark(undo), []),
  };
}
