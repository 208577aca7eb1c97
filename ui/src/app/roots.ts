import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, redirect } from "@tanstack/react-router";
import { session } from "../api/session";
import { NotFound } from "../pages/NotFound";
import { Shell } from "./Shell";

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    /** The page's name in the window title. */
    title?: string;
  }
}

/** Above every page. */
export const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound });

/** Above every page of somebody signed in. */
export const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: ({ location }) => {
    // Whoever is asked to sign in again stays where they are.
    if (session.token() !== null || session.lapsed()) return;
    throw redirect({
      to: "/login",
      search: location.href === "/" ? {} : { redirect: location.href },
      replace: true,
    });
  },
  component: Shell,
});

/** Above every page of one client account. */
export const client = createRoute({
  getParentRoute: () => signedIn,
  path: "/clients/$clientId",
});

/** Above every page of one engagement. */
export const engagement = createRoute({
  getParentRoute: () => client,
  path: "/engagements/$engagementId",
});
