import { queryOptions } from "@tanstack/react-query";
import { api, body, nothing } from "./client";
import { fromAnswer } from "./problem";
import type { paths } from "./schema";

type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer B } } } };
}
  ? B
  : never;

export type Boot = Answer<"/api/v1/boot">;
export type Stage = Boot["stages"][number];
export type DemoAccount = Answer<"/api/v1/demo/accounts">["accounts"][number];
export type Me = Answer<"/api/v1/auth/me">;
export type User = Me["user"];
export type ClientAccount = Answer<"/api/v1/context/clients">["clients"][number];
export type Engagement = Answer<"/api/v1/context/clients/{id}/engagements">["engagements"][number];
export type Overview = Answer<"/api/v1/overview">;
export type AccountFigures = Answer<"/api/v1/overview/client-accounts">["client_accounts"][number];
export type Count = Overview["by_type"][number];
export type AssetPage = Answer<"/api/v1/assets">;
export type Asset = AssetPage["assets"][number];
export type Credentials = paths["/api/v1/auth/login"]["post"]["requestBody"]["content"]["application/json"];

export type FirstAccount = paths["/api/v1/setup"]["post"]["requestBody"]["content"]["application/json"];
export type PasswordChange = paths["/api/v1/auth/change-password"]["post"]["requestBody"]["content"]["application/json"];

/** Where one looks: a client account and one of its engagements. */
export interface Place {
  clientId: string;
  engagementId: string;
}

/** The headers that say where one looks. */
export const selector = ({ clientId, engagementId }: Place) => ({
  "X-Client-Account-ID": clientId,
  "X-Engagement-ID": engagementId,
});

/** Waits until the boot has news after `after`, at most about ten seconds. */
export const readBoot = (after: number, signal: AbortSignal): Promise<Boot> =>
  body(api.GET("/api/v1/boot", { params: { query: { after } }, signal }));

export const signIn = (credentials: Credentials) => body(api.POST("/api/v1/auth/login", { body: credentials }));

/** Makes the first account of a database that has none, and signs it in. */
export const setUp = (account: FirstAccount) => body(api.POST("/api/v1/setup", { body: account }));

export const changePassword = (change: PasswordChange) => body(api.POST("/api/v1/auth/change-password", { body: change }));

export const signOut = () => nothing(api.POST("/api/v1/auth/logout"));

// Everything a tenant owns has a key that begins with the client account's id, so that a switch can drop it all.

export const bootQuery = queryOptions({
  queryKey: ["boot"],
  queryFn: ({ signal }) => readBoot(0, signal),
  staleTime: Infinity,
});

export const demoAccountsQuery = queryOptions({
  queryKey: ["demo-accounts"],
  queryFn: async ({ signal }) => {
    const { data, error, response } = await api.GET("/api/v1/demo/accounts", { signal });
    // Only a demo has them; elsewhere the page simply does not offer any.
    if (response.status === 404) return [];
    if (data === undefined) throw fromAnswer(error, response.status);
    return data.accounts;
  },
  // A changed password takes one from the list, a reset brings it back.
  staleTime: 0,
});

/** Whether the first account is still to be set up. */
export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/v1/setup", { signal }))).required,
  staleTime: 0,
  retry: false,
});

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/auth/me", { signal })),
});

export const clientsQuery = queryOptions({
  queryKey: ["clients"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/v1/context/clients", { signal }))).clients,
});

export const engagementsQuery = (clientId: string) =>
  queryOptions({
    queryKey: [clientId, "engagements"],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/context/clients/{id}/engagements", { params: { path: { id: clientId } }, signal })))
        .engagements,
  });

export const overviewQuery = (place: Place) =>
  queryOptions({
    queryKey: [place.clientId, place.engagementId, "overview"],
    queryFn: ({ signal }) => body(api.GET("/api/v1/overview", { params: { header: selector(place) }, signal })),
  });

/** Figures of every client account one may see; it belongs to none, so it is read anew wherever it is shown. */
export const acrossQuery = queryOptions({
  queryKey: ["across"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/v1/overview/client-accounts", { signal }))).client_accounts,
  staleTime: 0,
  gcTime: 0,
});
