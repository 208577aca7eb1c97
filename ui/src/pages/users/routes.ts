import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { UserFilter } from "../../api/admin";
import { signedIn } from "../../app/roots";

const word = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const users = createRoute({
  getParentRoute: () => signedIn,
  path: "/users",
  staticData: { title: "Users" },
  validateSearch: (search): UserFilter => {
    const [status, q] = [word(search["status"]), word(search["q"])];
    return { ...(status !== undefined && { status }), ...(q !== undefined && { q }) };
  },
  component: lazyRouteComponent(() => import("./UsersPage"), "UsersPage"),
});

const user = createRoute({
  getParentRoute: () => signedIn,
  path: "/users/$userId",
  staticData: { title: "User" },
  component: lazyRouteComponent(() => import("./UserPage"), "UserPage"),
});

const roles = createRoute({
  getParentRoute: () => signedIn,
  path: "/roles",
  staticData: { title: "Roles" },
  component: lazyRouteComponent(() => import("./RolesPage"), "RolesPage"),
});

export const usersRoutes = [users, user, roles] as const;
