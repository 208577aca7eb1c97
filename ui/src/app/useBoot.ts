import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { bootQuery, readBoot, type Boot } from "../api/queries";
import { pause } from "../pause";

const RETRY_MS = 1000;

export interface BootWatch {
  /** The last news; undefined until the first answer. */
  boot: Boot | undefined;
  /** The platform doesn't answer at the moment; `boot` may be old. */
  lost: boolean;
  /** Asks again now. */
  retry: () => void;
}

/** Follows the boot by long polls until it is ready or has failed. */
export function useBoot(): BootWatch {
  const client = useQueryClient();
  const [boot, setBoot] = useState<Boot>();
  const [lost, setLost] = useState(false);
  const [round, setRound] = useState(0);

  useEffect(() => {
    const stop = new AbortController();
    const stopped = () => stop.signal.aborted;
    const follow = async () => {
      let after = 0;
      while (!stopped()) {
        try {
          const news = await readBoot(after, stop.signal);
          after = news.revision;
          client.setQueryData(bootQuery.queryKey, news);
          setBoot(news);
          setLost(false);
          if (news.state !== "booting") return;
        } catch {
          if (stopped()) return;
          setLost(true);
          // A platform that starts anew counts its revisions from the beginning.
          after = 0;
          await pause(RETRY_MS, stop.signal);
        }
      }
    };
    void follow();
    return () => stop.abort(new DOMException("the page moved on", "AbortError"));
  }, [client, round]);

  return { boot, lost, retry: useCallback(() => setRound((n) => n + 1), []) };
}
