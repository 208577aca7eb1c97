import type { QueryClient } from "@tanstack/react-query";
import { createRoute, createRouter } from "@tanstack/react-router";
import { accountRoutes } from "../pages/account/routes";
import { assetsRoutes } from "../pages/assets/routes";
import { auditRoutes, clientAuditRoutes } from "../pages/audit/routes";
import { bootRoutes } from "../pages/boot/routes";
import { clientRoutes, clientsRoutes } from "../pages/clients/routes";
import { dataRoutes } from "../pages/data/routes";
import { deployRoutes } from "../pages/deploy/routes";
import { clientHome, engagementsRoutes, engagementHome } from "../pages/engagements/routes";
import { Home } from "../pages/Home";
import { Broken, NotFound } from "../pages/NotFound";
import { doctorRoutes } from "../pages/doctor/routes";
import { labRoutes } from "../pages/lab/routes";
import { monitoringRoutes } from "../pages/monitoring/routes";
import { across, overviewRoutes } from "../pages/overview/routes";
import { signInRoutes } from "../pages/sign-in/routes";
import { usersRoutes } from "../pages/users/routes";
import { client, engagement, root, signedIn } from "./roots";

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

const home = createRoute({ getParentRoute: () => signedIn, path: "/", component: Home });

const routeTree = root.addChildren([
  ...signInRoutes,
  ...bootRoutes,
  signedIn.addChildren([
    home,
    across,
    ...clientsRoutes,
    ...usersRoutes,
    ...dataRoutes,
    ...accountRoutes,
    ...auditRoutes,
    ...doctorRoutes,
    ...labRoutes,
    ...monitoringRoutes,
    ...deployRoutes,
    client.addChildren([
      clientHome,
      ...clientRoutes,
      ...engagementsRoutes,
      ...clientAuditRoutes,
      engagement.addChildren([engagementHome, ...overviewRoutes, ...assetsRoutes]),
    ]),
  ]),
]);

/** The routes over one cache. Search values are plain text, so that a link can be read and typed. */
export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree,
    context: { queries },
    defaultErrorComponent: Broken,
    defaultNotFoundComponent: NotFound,
    notFoundMode: "root",
    // The code of a page is there before one has clicked.
    defaultPreload: "intent",
    // Pages see what their route has checked, nothing else of the address.
    search: { strict: true },
    scrollRestoration: true,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search: Record<string, unknown>) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(search)) {
        if (typeof value === "string" && value !== "") query.set(name, value);
      }
      const text = query.toString();
      return text === "" ? "" : `?${text}`;
    },
  });
}
