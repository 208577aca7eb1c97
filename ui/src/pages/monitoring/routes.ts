import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "../../app/roots";

export interface MonitoringSearch {
  /** The boot that is opened. */
  boot?: string;
  /** Hours of sign-ins: 24 where not given. */
  hours?: "168" | "720";
}

const monitoring = createRoute({
  getParentRoute: () => signedIn,
  path: "/monitoring",
  staticData: { title: "Monitoring" },
  validateSearch: ({ boot, hours }: Record<string, unknown>): MonitoringSearch => ({
    ...(typeof boot === "string" && boot !== "" && { boot }),
    ...((hours === "168" || hours === "720") && { hours }),
  }),
  component: lazyRouteComponent(() => import("./MonitoringPage"), "MonitoringPage"),
});

export const monitoringRoutes = [monitoring] as const;
