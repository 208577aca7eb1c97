import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { AssetFilter } from "../../api/queries";
import { engagement } from "../../app/roots";

const FILTERS = ["type", "environment", "criticality", "status", "q"] as const;

const assets = createRoute({
  getParentRoute: () => engagement,
  path: "/assets",
  staticData: { title: "Assets" },
  validateSearch: (search): AssetFilter => {
    const filter: AssetFilter = {};
    for (const name of FILTERS) {
      const value = search[name];
      if (typeof value === "string" && value !== "") filter[name] = value;
    }
    return filter;
  },
  component: lazyRouteComponent(() => import("./AssetsPage"), "AssetsPage"),
});

export const assetsRoutes = [assets] as const;
