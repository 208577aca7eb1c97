import { label } from "../../words";
import { roleName } from "../../roles";

/** Roles within a client account, weakest first. */
export const ROLES = ["viewer", "analyst", "engagement_manager", "client_admin"] as const;

/** How far access goes, least first. */
export const LEVELS = ["read_only", "read_write", "admin", "super_admin"] as const;

/** The level that goes with a role. */
export const usualLevel = (role: string) => (role === "viewer" ? "read_only" : role === "analyst" ? "read_write" : "admin");

export const roleOptions = (roles: readonly string[]) => roles.map((role) => ({ value: role, label: roleName(role) }));

export const levelOptions = LEVELS.map((level) => ({ value: level, label: label(level) }));

/** A day as an input of type "date" holds it, as the end of that day; null for none. */
export const endOfDay = (day: string) => (day === "" ? null : `${day}T23:59:59Z`);

/** A moment as an input of type "date" holds it. */
export const dayOf = (moment: string | null | undefined) => moment?.slice(0, 10) ?? "";
