import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { engagement, signedIn } from "../../app/roots";
import { OverviewPage } from "./OverviewPage";

const overview = createRoute({
  getParentRoute: () => engagement,
  path: "/overview",
  staticData: { title: "Overview" },
  component: OverviewPage,
});

/** Across the client accounts one may see. */
export const across = createRoute({
  getParentRoute: () => signedIn,
  path: "/overview",
  staticData: { title: "All client accounts" },
  component: lazyRouteComponent(() => import("./AcrossPage"), "AcrossPage"),
});

export const overviewRoutes = [overview] as const;
