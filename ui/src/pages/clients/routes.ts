import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { client, signedIn } from "../../app/roots";

const clients = createRoute({
  getParentRoute: () => signedIn,
  path: "/clients",
  staticData: { title: "Client accounts" },
  validateSearch: (search): { archived?: "yes" } => (search["archived"] === "yes" ? { archived: "yes" } : {}),
  component: lazyRouteComponent(() => import("./ClientsPage"), "ClientsPage"),
});

const details = createRoute({
  getParentRoute: () => client,
  path: "/details",
  staticData: { title: "Client account" },
  component: lazyRouteComponent(() => import("./ClientPage"), "ClientPage"),
});

const members = createRoute({
  getParentRoute: () => client,
  path: "/members",
  staticData: { title: "Members" },
  component: lazyRouteComponent(() => import("./MembersPage"), "MembersPage"),
});

export const clientsRoutes = [clients] as const;
/** Of one client account. */
export const clientRoutes = [details, members] as const;
