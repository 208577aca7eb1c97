import type { QueryClient } from "@tanstack/react-query";
import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { setupQuery } from "../../api/queries";
import { session } from "../../api/session";
import { root } from "../../app/roots";
import { LoginPage } from "./LoginPage";
import { SetupPage } from "./SetupPage";

/** A path of this application, never an address elsewhere. */
function ownPath(value: unknown): string | undefined {
  if (typeof value !== "string" || !value.startsWith("/") || value.startsWith("//") || value.startsWith("/\\")) {
    return undefined;
  }
  return /^\/(login|setup|register)\b/.test(value) ? undefined : value;
}

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

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  staticData: { title: "Register" },
  beforeLoad: async ({ context }) => {
    if (session.token() !== null) throw redirect({ to: "/", replace: true });
    if (await setupRequired(context.queries)) throw redirect({ to: "/setup", replace: true });
  },
  component: lazyRouteComponent(() => import("./RegisterPage"), "RegisterPage"),
});

export const signInRoutes = [login, setup, register] as const;
