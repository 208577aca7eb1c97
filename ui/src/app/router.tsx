import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { setupQuery, type AssetFilter } from "../api/queries";
import { session } from "../api/session";
import { AssetsPage } from "../pages/assets/AssetsPage";
import { ClientsPage } from "../pages/clients/ClientsPage";
import { DataPage } from "../pages/data/DataPage";
import { EngagementsPage } from "../pages/engagements/EngagementsPage";
import { Home } from "../pages/Home";
import { LastBoot } from "../pages/boot/LastBoot";
import { LoginPage } from "../pages/sign-in/LoginPage";
import { Broken, NotFound } from "../pages/NotFound";
import { OverviewPage } from "../pages/overview/OverviewPage";
import { SetupPage } from "../pages/sign-in/SetupPage";
import { Shell } from "./Shell";

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
  interface StaticDataRouteOption {
    /** The page's name in the window title. */
    title?: string;
    /** What a switch of client account or engagement keeps. */
    page?: "overview" | "assets" | "engagements";
  }
}

/** A path of this application, never an address elsewhere. */
function ownPath(value: unknown): string | undefined {
  if (typeof value !== "string" || !value.startsWith("/") || value.startsWith("//") || value.startsWith("/\\")) {
    return undefined;
  }
  return /^\/(login|setup)\b/.test(value) ? undefined : value;
}

function word(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound });

/** Whether nobody can sign in before the first account is set up. Where that can't be asked, sign-in says why. */
const setupRequired = (queries: QueryClient) => queries.query(setupQuery).catch(() => false);

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  staticData: { title: "Sign in" },
  validateSearch: (search): { redirect?: string } => {
    const path = ownPath(search["redirect"]);
    return path === undefined ? {} : { redirect: path };
  },
  beforeLoad: async ({ search, context }) => {
    if (session.token() !== null) throw redirect({ href: search.redirect ?? "/", replace: true });
    if (await setupRequired(context.queries)) throw redirect({ to: "/setup", replace: true });
  },
  component: LoginPage,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  staticData: { title: "Set up" },
  beforeLoad: async ({ context }) => {
    if (session.token() !== null) throw redirect({ to: "/", replace: true });
    if (!(await setupRequired(context.queries))) throw redirect({ to: "/login", replace: true });
  },
  component: SetupPage,
});

const boot = createRoute({
  getParentRoute: () => root,
  path: "/boot",
  staticData: { title: "Last start" },
  component: LastBoot,
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: ({ location }) => {
    if (session.token() !== null) return;
    throw redirect({
      to: "/login",
      search: location.href === "/" ? {} : { redirect: location.href },
      replace: true,
    });
  },
  component: Shell,
});

const home = createRoute({ getParentRoute: () => signedIn, path: "/", component: Home });

const clients = createRoute({
  getParentRoute: () => signedIn,
  path: "/clients",
  staticData: { title: "Client accounts" },
  component: ClientsPage,
});

const data = createRoute({
  getParentRoute: () => signedIn,
  path: "/data",
  staticData: { title: "Data" },
  component: DataPage,
});

const client = createRoute({ getParentRoute: () => signedIn, path: "/clients/$clientId" });

const clientHome = createRoute({
  getParentRoute: () => client,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/clients/$clientId/engagements", params, replace: true });
  },
});

const engagements = createRoute({
  getParentRoute: () => client,
  path: "/engagements",
  staticData: { title: "Engagements", page: "engagements" },
  component: EngagementsPage,
});

const engagement = createRoute({ getParentRoute: () => client, path: "/engagements/$engagementId" });

const engagementHome = createRoute({
  getParentRoute: () => engagement,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/clients/$clientId/engagements/$engagementId/overview", params, replace: true });
  },
});

const overview = createRoute({
  getParentRoute: () => engagement,
  path: "/overview",
  staticData: { title: "Overview", page: "overview" },
  component: OverviewPage,
});

const assets = createRoute({
  getParentRoute: () => engagement,
  path: "/assets",
  staticData: { title: "Assets", page: "assets" },
  validateSearch: (search): AssetFilter => {
    const filter: AssetFilter = {};
    for (const name of ["type", "environment", "criticality", "status", "q"] as const) {
      const value = word(search[name]);
      if (value !== undefined) filter[name] = value;
    }
    return filter;
  },
  component: AssetsPage,
});

const routeTree = root.addChildren([
  login,
  setup,
  boot,
  signedIn.addChildren([
    home,
    clients,
    data,
    client.addChildren([clientHome, engagements, engagement.addChildren([engagementHome, overview, assets])]),
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
