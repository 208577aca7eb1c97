import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { engagement } from "../../app/roots";
import { readSearch, type AssetSearch } from "./address";

const assets = createRoute({
  getParentRoute: () => engagement,
  path: "/assets",
  staticData: { title: "Assets" },
  validateSearch: (search): AssetSearch => readSearch(search),
  component: lazyRouteComponent(() => import("./AssetsPage"), "AssetsPage"),
});

export const assetsRoutes = [assets] as const;
