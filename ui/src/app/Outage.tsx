import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { api, nothing } from "../api/client";
import { connection, isOutage } from "../api/connection";
import { fromThrown } from "../api/problem";
import { bootQuery } from "../api/queries";
import { Button } from "../parts/Button";
import { CopyReport } from "../parts/CopyReport";
import { Icon } from "../parts/Icon";
import { reportOf } from "../parts/ProblemView";
import { useToast } from "../parts/Toast";
import { pause } from "../pause";
import "./Outage.css";

/** The first wait before asking again; it doubles up to the longest. */
const FIRST_MS = 1000;
const LONGEST_MS = 10_000;

/**
 * Says that platform or database do not answer, asks until they do, and then reads again what could not be read. The
 * page below stays as it is, with everything typed into it.
 */
export function Outage() {
  const lost = useSyncExternalStore(connection.subscribe, connection.lost);
  const queries = useQueryClient();
  const say = useToast();
  const boot = useQuery({ ...bootQuery, enabled: false });
  const [round, setRound] = useState(0);

  /** Reads again what could not be read; true once nothing of it fails for the same reason. */
  const recover = useCallback(async () => {
    const failed = queries.getQueryCache().findAll({
      type: "active",
      predicate: ({ state }) => state.error !== null && isOutage(fromThrown(state.error)),
    });
    await Promise.all(failed.map(({ queryKey }) => queries.refetchQueries({ queryKey, exact: true })));
    if (failed.some(({ state }) => state.error !== null && isOutage(fromThrown(state.error)))) return false;
    connection.back();
    say({ text: "Drydock answers again." });
    return true;
  }, [queries, say]);

  const out = lost !== undefined;
  useEffect(() => {
    if (!out) return;
    const stop = new AbortController();
    const ask = async () => {
      // Asked for by hand, it does not wait.
      for (let wait = round === 0 ? FIRST_MS : 0; !stop.signal.aborted; wait = Math.min(Math.max(2 * wait, FIRST_MS), LONGEST_MS)) {
        await pause(wait, stop.signal);
        try {
          await nothing(api.GET("/readyz", { signal: stop.signal }));
          if (await recover()) return;
        } catch {
          // Not yet; what it failed with is noted by the client.
        }
      }
    };
    void ask();
    return () => stop.abort(new DOMException("asked anew", "AbortError"));
  }, [out, round, recover]);

  if (lost === undefined) return null;
  return (
    <div className="outage" role="status">
      <Icon name="alert" />
      <p>
        <strong>{lost.title}.</strong> What you see stays, and so does what you typed. Drydock asks again by itself.{" "}
        <span className="quiet">
          Code <code>{lost.code}</code>
        </span>
      </p>
      <Button onClick={() => setRound((before) => before + 1)}>Ask now</Button>
      <CopyReport report={reportOf(lost, boot.data?.report)} />
    </div>
  );
}
