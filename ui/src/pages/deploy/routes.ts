import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "../../app/roots";

const url = createRoute({
  getParentRoute: () => signedIn,
  path: "/connection-url",
  staticData: { title: "Connection URL" },
  component: lazyRouteComponent(() => import("./UrlPage"), "UrlPage"),
});

const environment = createRoute({
  getParentRoute: () => signedIn,
  path: "/environment",
  staticData: { title: "Environment" },
  component: lazyRouteComponent(() => import("./EnvironmentPage"), "EnvironmentPage"),
});

export const deployRoutes = [url, environment] as const;
