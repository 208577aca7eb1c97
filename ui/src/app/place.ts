import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { clientsQuery, engagementsQuery, type ClientAccount, type Engagement } from "../api/queries";

const KEY = "drydock.place";

/** Where one was last: a client account, and mostly an engagement too. */
interface Memory {
  clientId: string;
  engagementId?: string | undefined;
}

function stored(storage: () => Storage): Memory | undefined {
  try {
    const value: unknown = JSON.parse(storage().getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return undefined;
    const { clientId, engagementId } = value as Record<string, unknown>;
    if (typeof clientId !== "string") return undefined;
    return { clientId, engagementId: typeof engagementId === "string" ? engagementId : undefined };
  } catch {
    return undefined;
  }
}

// Each tab stays where it is; a new one, and the next start, begin where anyone was last.
let last = stored(() => sessionStorage) ?? stored(() => localStorage);

/** Keeps where one is, for this tab and for the next start. */
export function remember(place: Memory) {
  // A page above the engagements leaves open which one comes next.
  last = { engagementId: last?.clientId === place.clientId ? last.engagementId : undefined, ...place };
  for (const storage of [() => sessionStorage, () => localStorage]) {
    try {
      storage().setItem(KEY, JSON.stringify(last));
    } catch {
      // Without storage the next start begins where the user begins.
    }
  }
}

export interface Here {
  clients: ClientAccount[] | undefined;
  engagements: Engagement[] | undefined;
  /** The client account of the URL, else the remembered one, else the one this user begins with, else the first. */
  clientId: string | undefined;
  client: ClientAccount | undefined;
  engagementId: string | undefined;
  engagement: Engagement | undefined;
  /** What stops the list of client accounts, or of engagements, from being shown. */
  error: Error | null;
}

/** Where one is, from the URL first and from memory where the URL leaves it open. */
export function useHere(): Here {
  const params = useParams({ strict: false });
  const clients = useQuery(clientsQuery);

  const list = clients.data;
  const first = list?.find((c) => c.is_default) ?? list?.[0];
  const known = list?.find((c) => c.id === last?.clientId)?.id ?? first?.id;
  const clientId = params.clientId ?? known;

  const engagements = useQuery({ ...engagementsQuery(clientId ?? ""), enabled: clientId !== undefined });
  const open = engagements.data?.find((e) => e.id === last?.engagementId)?.id ?? engagements.data?.[0]?.id;
  const engagementId = params.engagementId ?? open;

  return {
    clients: list,
    engagements: engagements.data,
    clientId,
    client: list?.find((c) => c.id === clientId),
    engagementId,
    engagement: engagements.data?.find((e) => e.id === engagementId),
    error: clients.error ?? engagements.error,
  };
}
