import { useState } from "react";
import { Problem } from "../api/problem";
import type { Clash } from "./Conflict";

type Texts = Record<string, string>;

interface Options {
  /** What the fields held when the form was opened. */
  initial: Texts;
  /** The version that was read. */
  version: number;
  /** Reads the fields out of what the API tells to be there now. */
  read: (current: Record<string, unknown>) => Texts;
  /** Sends the changed fields on top of a version. */
  put: (version: number, changes: Texts) => Promise<void>;
  labels: Readonly<Record<string, string>>;
}

interface Pending {
  version: number;
  changes: Texts;
  clashes: Clash[];
}

/** The fields in which two states of a form differ, with the values of the second. */
export function changed(before: Texts, after: Texts): Texts {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => value !== before[name]));
}

/**
 * Saves the changed fields of something that somebody else may change meanwhile. What both changed is asked about; what
 * only one changed is kept without asking.
 */
export function useVersioned({ initial, version, read, put, labels }: Options) {
  const [pending, setPending] = useState<Pending>();

  /** Whether it was saved; if not, `pending` holds what to ask. */
  const send = async (over: number, changes: Texts): Promise<boolean> => {
    try {
      await put(over, changes);
      setPending(undefined);
      return true;
    } catch (thrown) {
      const current = thrown instanceof Problem && thrown.code === "conflict.stale" ? thrown.current : undefined;
      if (current === undefined || typeof current["version"] !== "number") throw thrown;
      const theirs = read(current);
      const clashes = Object.entries(changes)
        .filter(([field, yours]) => theirs[field] !== initial[field] && theirs[field] !== yours)
        .map(([field, yours]) => ({ field, label: labels[field] ?? field, yours, theirs: theirs[field] ?? "" }));
      if (clashes.length === 0) return send(current["version"], changes);
      setPending({ version: current["version"], changes, clashes });
      return false;
    }
  };

  return {
    clashes: pending?.clashes,
    save: (values: Texts) => send(version, changed(initial, values)),
    /** Goes on with one's own value in the fields named; theirs stay in the others that clash. */
    choose: async (yours: ReadonlySet<string>) => {
      if (pending === undefined) return false;
      const clashing = new Set(pending.clashes.map(({ field }) => field));
      const kept = Object.entries(pending.changes).filter(([field]) => !clashing.has(field) || yours.has(field));
      return send(pending.version, Object.fromEntries(kept));
    },
    forget: () => setPending(undefined),
  };
}
