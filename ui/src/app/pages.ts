import type { LinkProps } from "@tanstack/react-router";
import type { IconName } from "../parts/Icon";
import { allows, type Permission } from "./may";
import type { Here } from "./place";

/** The answer about oneself, as far as it is needed here. */
type Me = Parameters<typeof allows>[1];

/** The parts of the navigation, in the order they are shown. */
export const PAGE_GROUPS = ["Engagement", "Client account", "Platform", "Deploy"] as const;

export interface PageEntry {
  id: string;
  title: string;
  group: (typeof PAGE_GROUPS)[number];
  icon: IconName;
  /** The keys that go there: G, then a letter of its own. */
  shortcut: `g ${string}`;
  to: LinkProps["to"];
  /** Other words it is found by. */
  words?: string;
  /** The permission it takes, for the platform or where one is. None, where not given. */
  needs?: Permission;
  /** Whether there is anything to see. */
  when?: (here: Here) => boolean;
}

/** Every page one can go to: navigation, palette and shortcuts are made from it. */
export const PAGES: readonly PageEntry[] = [
  {
    id: "overview",
    title: "Overview",
    group: "Engagement",
    icon: "overview",
    shortcut: "g o",
    to: "/clients/$clientId/engagements/$engagementId/overview",
    words: "dashboard figures",
  },
  {
    id: "assets",
    title: "Assets",
    group: "Engagement",
    icon: "assets",
    shortcut: "g a",
    to: "/clients/$clientId/engagements/$engagementId/assets",
    words: "servers applications databases",
  },
  {
    id: "engagements",
    title: "Engagements",
    group: "Client account",
    icon: "engagements",
    shortcut: "g e",
    to: "/clients/$clientId/engagements",
    words: "projects",
  },
  {
    id: "client",
    title: "Details",
    group: "Client account",
    icon: "sliders",
    shortcut: "g i",
    to: "/clients/$clientId/details",
    words: "tenant archive contact industry",
  },
  {
    id: "members",
    title: "Members",
    group: "Client account",
    icon: "people",
    shortcut: "g m",
    to: "/clients/$clientId/members",
    words: "access grant revoke roles",
    needs: "member.view",
  },
  {
    id: "across",
    title: "All accounts",
    group: "Platform",
    icon: "all",
    shortcut: "g p",
    to: "/overview",
    words: "overview across client accounts dashboard figures",
    when: (here) => (here.clients?.length ?? 0) > 1,
  },
  { id: "clients", title: "Client accounts", group: "Platform", icon: "clients", shortcut: "g c", to: "/clients", words: "tenants" },
  {
    id: "users",
    title: "Users",
    group: "Platform",
    icon: "person",
    shortcut: "g u",
    to: "/users",
    words: "approvals registrations suspend people",
    needs: "user.view",
  },
  {
    id: "roles",
    title: "Roles",
    group: "Platform",
    icon: "shield",
    shortcut: "g r",
    to: "/roles",
    words: "permissions access levels rights",
  },
  {
    id: "data",
    title: "Data",
    group: "Platform",
    icon: "data",
    shortcut: "g d",
    to: "/data",
    words: "reset snapshots",
    needs: "data.reset",
  },
  {
    id: "activity",
    title: "Activity",
    group: "Client account",
    icon: "history",
    shortcut: "g y",
    to: "/clients/$clientId/audit",
    words: "audit log history",
    needs: "audit.view",
  },
  {
    id: "audit",
    title: "Security log",
    group: "Platform",
    icon: "shield",
    shortcut: "g l",
    to: "/audit",
    words: "audit sign-ins sessions refusals",
    needs: "platform.administer",
  },
  {
    id: "account",
    title: "My account",
    group: "Platform",
    icon: "person",
    shortcut: "g s",
    to: "/account",
    words: "profile password sessions sign out everywhere",
  },
  {
    id: "doctor",
    title: "Doctor",
    group: "Deploy",
    icon: "stethoscope",
    shortcut: "g x",
    to: "/doctor",
    words: "diagnose findings deployment database url environment",
    needs: "lab.use",
  },
  {
    id: "lab",
    title: "Deploy Lab",
    group: "Deploy",
    icon: "flask",
    shortcut: "g b",
    to: "/lab",
    words: "scenarios faults reproduce remedy",
    needs: "lab.use",
  },
  {
    id: "replay",
    title: "Incident replay",
    group: "Deploy",
    icon: "history",
    shortcut: "g n",
    to: "/replay",
    words: "night timeline incident scenarios",
    needs: "lab.use",
  },
  {
    id: "monitoring",
    title: "Monitoring",
    group: "Deploy",
    icon: "pulse",
    shortcut: "g t",
    to: "/monitoring",
    words: "boots migrations connections slow statements sizes vectors cors history",
    needs: "monitoring.view",
  },
  {
    id: "url",
    title: "Connection URL",
    group: "Deploy",
    icon: "link",
    shortcut: "g k",
    to: "/connection-url",
    words: "database url sqlalchemy asyncpg libpq psycopg sqlx driver",
    needs: "lab.use",
  },
  {
    id: "environment",
    title: "Environment",
    group: "Deploy",
    icon: "sliders",
    shortcut: "g v",
    to: "/environment",
    words: "cors origins variables railway vercel render heroku preflight",
    needs: "lab.use",
  },
];

/** The pages this user can go to from here, with what their address needs. */
export function pagesFrom(here: Here, me: Me) {
  const { clientId, engagementId } = here;
  return PAGES.filter(({ group, needs, when }) => {
    if (group === "Engagement" && engagementId === undefined) return false;
    if (group === "Client account" && clientId === undefined) return false;
    if (needs !== undefined && !allows(needs, me, here.client, here.engagement)) return false;
    return when === undefined || when(here);
  }).map((page) => ({
    page,
    link: {
      to: page.to,
      ...((page.group === "Engagement" || page.group === "Client account") && { params: { clientId, engagementId } }),
    } as LinkProps,
  }));
}
