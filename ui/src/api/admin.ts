import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { api, body } from "./client";
import { clientsQuery, engagementsQuery } from "./queries";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type ClientDetails = Schemas["ClientAccountDetails"];
export type NewClient = Schemas["NewClientAccount"];
export type ClientChange = Schemas["ClientAccountChange"];
export type Engagement = Schemas["Engagement"];
export type NewEngagement = Schemas["NewEngagement"];
export type EngagementChange = Schemas["EngagementChange"];
export type Member = Schemas["Member"];
export type MemberChange = Schemas["MemberChange"];
export type UserSummary = Schemas["UserSummary"];
export type UserDetails = Schemas["UserDetails"];
export type Approval = Schemas["Approval"];
export type Registration = Schemas["Registration"];
export type Roles = Schemas["Roles"];

/** Filters of the list of users, by their names in the URL. */
export interface UserFilter {
  status?: string | undefined;
  q?: string | undefined;
}

const inClient = (clientId: string) => ({ "X-Client-Account-ID": clientId });

export const clientListQuery = (archived: boolean) =>
  queryOptions({
    queryKey: ["client-list", archived],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/admin/clients", { params: { query: { status: archived ? "archived" : "active" } }, signal })))
        .clients,
  });

export const clientQuery = (clientId: string) =>
  queryOptions({
    queryKey: [clientId, "details"],
    queryFn: ({ signal }) => body(api.GET("/api/v1/admin/clients/{id}", { params: { path: { id: clientId } }, signal })),
  });

export const createClient = (client: NewClient) => body(api.POST("/api/v1/admin/clients", { body: client }));

export const updateClient = (clientId: string, change: ClientChange) =>
  body(api.PUT("/api/v1/admin/clients/{id}", { params: { path: { id: clientId } }, body: change }));

export const archiveClient = (clientId: string, confirm: string) =>
  body(api.POST("/api/v1/admin/clients/{id}/archive", { params: { path: { id: clientId } }, body: { confirm } }));

export const unarchiveClient = (clientId: string) =>
  body(api.POST("/api/v1/admin/clients/{id}/unarchive", { params: { path: { id: clientId } } }));

/** What a change to a client account makes old, wherever it is shown. */
export async function refreshClients(queries: QueryClient, clientId?: string) {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ["client-list"] }),
    queries.invalidateQueries({ queryKey: clientsQuery.queryKey }),
    ...(clientId === undefined ? [] : [queries.invalidateQueries({ queryKey: clientQuery(clientId).queryKey })]),
  ]);
}

export const createEngagement = (clientId: string, engagement: NewEngagement) =>
  body(api.POST("/api/v1/admin/engagements", { params: { header: inClient(clientId) }, body: engagement }));

export const updateEngagement = (clientId: string, id: string, change: EngagementChange) =>
  body(api.PUT("/api/v1/admin/engagements/{id}", { params: { header: inClient(clientId), path: { id } }, body: change }));

export const closeEngagement = (clientId: string, { id, version }: Engagement, status: "completed" | "cancelled") =>
  body(
    api.POST("/api/v1/admin/engagements/{id}/close", {
      params: { header: inClient(clientId), path: { id } },
      body: { version, status },
    }),
  );

export const reopenEngagement = (clientId: string, { id, version }: Engagement) =>
  body(
    api.POST("/api/v1/admin/engagements/{id}/reopen", {
      params: { header: inClient(clientId), path: { id } },
      body: { version },
    }),
  );

export async function refreshEngagements(queries: QueryClient, clientId: string) {
  await Promise.all([
    queries.invalidateQueries({ queryKey: engagementsQuery(clientId).queryKey }),
    queries.invalidateQueries({ queryKey: clientsQuery.queryKey }),
  ]);
}

export const membersQuery = (clientId: string) =>
  queryOptions({
    queryKey: [clientId, "members"],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/admin/clients/{id}/members", { params: { path: { id: clientId } }, signal }))).members,
  });

export const putMember = (clientId: string, userId: string, change: MemberChange) =>
  body(
    api.PUT("/api/v1/admin/clients/{id}/members/{user_id}", {
      params: { path: { id: clientId, user_id: userId } },
      body: change,
    }),
  );

export const revokeMember = (clientId: string, { user_id, version }: Member) =>
  body(
    api.DELETE("/api/v1/admin/clients/{id}/members/{user_id}", {
      params: { path: { id: clientId, user_id }, query: { version } },
    }),
  );

export const grantAccess = (grant: Schemas["ClientAccessGrant"]) =>
  body(api.POST("/api/v1/auth/grant-client-access", { body: grant }));

export const usersQuery = (filter: UserFilter) =>
  queryOptions({
    queryKey: ["users", filter],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/auth/users", {
          params: {
            query: {
              limit: 500,
              ...(filter.status !== undefined && { status: filter.status }),
              ...(filter.q !== undefined && { q: filter.q }),
            },
          },
          signal,
        }),
      ),
  });

export const userQuery = (userId: string) =>
  queryOptions({
    queryKey: ["user", userId],
    queryFn: ({ signal }) => body(api.GET("/api/v1/auth/user-profile/{id}", { params: { path: { id: userId } }, signal })),
  });

export const rolesQuery = queryOptions({
  queryKey: ["roles"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/auth/roles", { signal })),
  staleTime: Infinity,
});

export const approveUser = (approval: Approval) => body(api.POST("/api/v1/auth/approve-user", { body: approval }));

export const rejectUser = (userId: string, reason: string) =>
  body(api.POST("/api/v1/auth/reject-user", { body: { user_id: userId, rejection_reason: reason } }));

export const suspendUser = (userId: string, reason: string) =>
  body(api.POST("/api/v1/auth/deactivate-user", { body: { user_id: userId, reason } }));

export const reactivateUser = (userId: string) => body(api.POST("/api/v1/auth/activate-user", { body: { user_id: userId } }));

export const setPlatformRole = ({ id, version }: UserSummary, granted: boolean) =>
  body(api.PUT("/api/v1/auth/admin/users/{id}/platform-role", { params: { path: { id } }, body: { version, granted } }));

/** Puts a user as the answer tells them into every place that shows them. */
export async function refreshUser(queries: QueryClient, user: UserDetails) {
  queries.setQueryData(userQuery(user.id).queryKey, user);
  await queries.invalidateQueries({ queryKey: ["users"] });
}

export const register = (registration: Registration) => body(api.POST("/api/v1/auth/register", { body: registration }));
