import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "../../app/roots";

const clients = createRoute({
  getParentRoute: () => signedIn,
  path: "/clients",
  staticData: { title: "Client accounts" },
  component: lazyRouteComponent(() => import("./ClientsPage"), "ClientsPage"),
});

export const clientsRoutes = [clients] as const;
