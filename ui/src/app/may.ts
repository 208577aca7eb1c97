import { useQuery } from "@tanstack/react-query";
import { meQuery, type ClientAccount, type Engagement } from "../api/queries";
import type { components } from "../api/schema";
import { useHere } from "./place";

/** What somebody may do; docs/permissions.md says what each allows. */
export type Permission = components["schemas"]["Permission"];

/** Whether one of what carries permissions (a client account, an engagement, the answer about oneself) allows it. */
export const allows = (
  permission: Permission,
  ...places: readonly (Pick<ClientAccount | Engagement, "permissions"> | undefined)[]
): boolean => places.some((place) => place?.permissions.includes(permission));

/** Whether one may do it where one is: for the platform, in this client account or in this engagement. No, until that is known. */
export function useMay(permission: Permission): boolean {
  const me = useQuery(meQuery).data;
  const { client, engagement } = useHere();
  return allows(permission, me, client, engagement);
}
