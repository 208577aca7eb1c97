import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { AuditFilter } from "../../api/audit";
import { client, signedIn } from "../../app/roots";

const FILTERS = ["who", "event", "outcome", "from", "to", "q"] as const;

function validateSearch(search: Record<string, unknown>): AuditFilter {
  const filter: AuditFilter = {};
  for (const name of FILTERS) {
    const value = search[name];
    if (typeof value === "string" && value !== "") filter[name] = value;
  }
  return filter;
}

const security = createRoute({
  getParentRoute: () => signedIn,
  path: "/audit",
  staticData: { title: "Security log" },
  validateSearch,
  component: lazyRouteComponent(() => import("./AuditPage"), "SecurityLogPage"),
});

const ofClient = createRoute({
  getParentRoute: () => client,
  path: "/audit",
  staticData: { title: "Activity" },
  validateSearch,
  component: lazyRouteComponent(() => import("./AuditPage"), "ActivityPage"),
});

export const auditRoutes = [security] as const;
export const clientAuditRoutes = [ofClient] as const;
