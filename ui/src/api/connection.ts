import { fromThrown, Problem } from "./problem";

type Listener = () => void;

let lost: Problem | undefined;
const listeners = new Set<Listener>();

function set(next: Problem | undefined) {
  if (next === lost || (next !== undefined && lost?.code === next.code)) return;
  lost = next;
  for (const listener of listeners) listener();
}

/** Whether an answer, or its absence, means that the platform can't work at the moment and may by itself again. */
export const isOutage = (problem: Problem): boolean => problem.status === 503 || problem.code === "ui.connection_lost";

/** What is known about whether platform and database answer. */
export const connection = {
  /** Why nothing works at the moment; undefined while all is well. */
  lost: () => lost,
  /** Takes note of what a request failed with. */
  failed(thrown: unknown) {
    const problem = fromThrown(thrown);
    if (isOutage(problem)) set(problem);
  },
  back: () => set(undefined),
  subscribe: (listener: Listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

/** As many requests as a report names. */
const KEPT = 50;
const log: string[] = [];

/** Notes one request for the report: what was asked, never what was sent or answered. */
export function note(method: string, path: string, outcome: string, requestId: string | null) {
  log.push(`${new Date().toISOString()} ${method} ${path} ${outcome}${requestId === null ? "" : ` ${requestId}`}`);
  if (log.length > KEPT) log.shift();
}

/** The last requests of this page, oldest first. */
export const lastRequests = (): readonly string[] => log;
