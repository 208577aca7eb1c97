import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

export type AuditEntry = components["schemas"]["AuditEntry"];
export type AuditChain = components["schemas"]["AuditChain"];

/** Filters of an audit log, by their names in the URL; days are `YYYY-MM-DD` on the reader's calendar. */
export interface AuditFilter {
  who?: string | undefined;
  event?: string | undefined;
  outcome?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  q?: string | undefined;
}

/** Whose log: a client account's, or the platform's security log. */
export type AuditScope = string | undefined;

/** Entries asked for at once. */
const PAGE = 50;
const DAY_MS = 86_400_000;

/** The moment at which a day begins for the reader; nothing for what is no day. */
function beginning(day: string | undefined, later = 0): string | undefined {
  const begin = day === undefined ? NaN : new Date(`${day}T00:00:00`).getTime();
  // A day may have 23 or 25 hours: the next one is found from its noon.
  if (later === 0 || Number.isNaN(begin)) return Number.isNaN(begin) ? undefined : new Date(begin).toISOString();
  const next = new Date(begin + DAY_MS * 1.5);
  return new Date(next.getFullYear(), next.getMonth(), next.getDate()).toISOString();
}

const query = ({ who, event, outcome, from, to, q }: AuditFilter) => {
  const [since, until] = [beginning(from), beginning(to, 1)];
  return {
    ...(who !== undefined && { who }),
    ...(event !== undefined && { event }),
    ...(outcome !== undefined && { outcome }),
    ...(since !== undefined && { from: since }),
    ...(until !== undefined && { until }),
    ...(q !== undefined && { q }),
  };
};

export const auditQuery = (scope: AuditScope, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: [scope ?? "audit", "audit", filter],
    queryFn: ({ signal, pageParam }) => {
      const asked = { ...query(filter), limit: PAGE, ...(pageParam !== null && { before: pageParam }) };
      return body(
        scope === undefined
          ? api.GET("/api/v1/admin/audit", { params: { query: asked }, signal })
          : api.GET("/api/v1/admin/clients/{id}/audit", { params: { path: { id: scope }, query: asked }, signal }),
      );
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before ?? null,
    staleTime: 0,
  });

/** How the chain stands. Asked anew when an entry is `newest` that was not before. */
export const auditChainQuery = (scope: AuditScope, newest: number | undefined) =>
  queryOptions({
    queryKey: [scope ?? "audit", "audit-chain", newest],
    queryFn: ({ signal }) =>
      body(
        scope === undefined
          ? api.GET("/api/v1/admin/audit/chain", { signal })
          : api.GET("/api/v1/admin/clients/{id}/audit/chain", { params: { path: { id: scope } }, signal }),
      ),
    staleTime: 0,
  });

/** Writes exactly the filtered entries as CSV into the folder of downloads: the window has no downloads of a page. */
export function saveAudit(scope: AuditScope, filter: AuditFilter) {
  const asked = query(filter);
  return body(
    scope === undefined
      ? api.POST("/api/v1/admin/audit/export", { params: { query: asked } })
      : api.POST("/api/v1/admin/clients/{id}/audit/export", { params: { path: { id: scope }, query: asked } }),
  );
}
