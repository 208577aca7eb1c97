import { createRoute } from "@tanstack/react-router";
import { engagement } from "../../app/roots";
import { OverviewPage } from "./OverviewPage";

const overview = createRoute({
  getParentRoute: () => engagement,
  path: "/overview",
  staticData: { title: "Overview" },
  component: OverviewPage,
});

export const overviewRoutes = [overview] as const;
