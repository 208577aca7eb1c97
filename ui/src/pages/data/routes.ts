import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "../../app/roots";

const data = createRoute({
  getParentRoute: () => signedIn,
  path: "/data",
  staticData: { title: "Data" },
  component: lazyRouteComponent(() => import("./DataPage"), "DataPage"),
});

export const dataRoutes = [data] as const;
