import { useQueryClient } from "@tanstack/react-query";
import { useMatches, useNavigate, useRouter, type NavigateOptions } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { engagementsQuery } from "../api/queries";
import { useClearToasts, useToast } from "../parts/Toast";
import type { Here } from "./place";

const PLACE: readonly string[] = ["$clientId", "$engagementId"];
const START = "/clients/$clientId/engagements/$engagementId/overview";
const ENGAGEMENTS = "/clients/$clientId/engagements";

/**
 * What of a page there is in every client account: all of its path, or the part above the first thing that is in one
 * only. "…/assets/$assetId" keeps "…/assets".
 */
export function shared(path: string): { path: string; whole: boolean } {
  const segments = path.split("/");
  const own = segments.findIndex((segment) => segment.startsWith("$") && !PLACE.includes(segment));
  return own < 0 ? { path, whole: true } : { path: segments.slice(0, own).join("/"), whole: false };
}

/** Drops everything of the client account one has left: what was read, what is being read, what was said. */
export function useForgetting(clientId: string | undefined) {
  const queries = useQueryClient();
  const clearToasts = useClearToasts();
  const before = useRef(clientId);
  useEffect(() => {
    const left = before.current;
    before.current = clientId;
    if (left === undefined || left === clientId) return;
    clearToasts();
    void queries.cancelQueries({ queryKey: [left] });
    queries.removeQueries({ queryKey: [left] });
    // What is being saved goes on to its end, unseen.
    queries.getMutationCache().clear();
  }, [clientId, queries, clearToasts]);
}

/** Goes to another client account or engagement and keeps the page where it exists there. */
export function useSwitch(here: Here) {
  const queries = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const say = useToast();
  // The newest `say`: one from before the switch is no longer listened to.
  const speak = useRef(say);
  useEffect(() => {
    speak.current = say;
  });
  const path = useMatches({ select: (matches) => matches.at(-1)?.fullPath });
  const choice = useRef(0);

  /** The page one is on, as it is elsewhere; its start page where there is none. */
  const page = (start: string) => {
    const { path: kept, whole } = shared(path ?? "");
    return kept.startsWith("/clients/$clientId/") && kept in router.routesByPath
      ? { to: kept, whole }
      : { to: start, whole: true };
  };
  const go = async (to: string, params: { clientId: string; engagementId?: string }, note?: string) => {
    await navigate({ to, params } as NavigateOptions);
    // Said once the messages of the place that was left are gone.
    if (note !== undefined) setTimeout(() => speak.current({ text: note }));
  };

  const toClient = async (clientId: string) => {
    if (clientId === here.clientId && path?.startsWith("/clients/$clientId/") === true) return;
    choice.current += 1;
    const mine = choice.current;
    const name = here.clients?.find((client) => client.id === clientId)?.name ?? "This client account";
    const { to, whole } = page(START);
    const note = whole ? undefined : `What you had open is not in ${name}. This is its list.`;
    if (!to.includes("$engagementId")) return go(to, { clientId }, note);
    // Where the engagements can't be read, the list of them is the page that says why.
    const first = await queries.query({ ...engagementsQuery(clientId), staleTime: "static" }).then(
      (list) => list[0]?.id ?? null,
      () => undefined,
    );
    // Another choice came while this one was on its way.
    if (choice.current !== mine) return;
    if (first == null) {
      return go(ENGAGEMENTS, { clientId }, first === null ? `${name} has no engagement yet.` : undefined);
    }
    await go(to, { clientId, engagementId: first }, note);
  };

  const toEngagement = (engagementId: string) => {
    const { clientId } = here;
    if (clientId === undefined) return;
    const { to, whole } = page(START);
    const name = here.engagements?.find((engagement) => engagement.id === engagementId)?.name ?? "this engagement";
    void go(
      to.includes("$engagementId") ? to : START,
      { clientId, engagementId },
      whole ? undefined : `What you had open is not in ${name}. This is its list.`,
    );
  };

  return { toClient: (clientId: string) => void toClient(clientId), toEngagement };
}
