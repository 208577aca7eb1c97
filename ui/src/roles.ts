const NAMES: ReadonlyMap<string, string> = new Map([
  ["platform_admin", "Platform admin"],
  ["client_admin", "Client admin"],
  ["engagement_manager", "Engagement manager"],
  ["analyst", "Analyst"],
  ["viewer", "Viewer"],
]);

/** A role as people say it. */
export const roleName = (role: string | null | undefined): string =>
  role == null ? "No role" : (NAMES.get(role) ?? role);
