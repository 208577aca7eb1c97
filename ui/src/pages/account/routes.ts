import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "../../app/roots";

const account = createRoute({
  getParentRoute: () => signedIn,
  path: "/account",
  staticData: { title: "My account" },
  component: lazyRouteComponent(() => import("./AccountPage"), "AccountPage"),
});

export const accountRoutes = [account] as const;
