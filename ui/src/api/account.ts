import { queryOptions } from "@tanstack/react-query";
import { api, body, nothing } from "./client";
import type { components } from "./schema";

export type OwnProfile = components["schemas"]["OwnProfile"];
export type ProfileChange = components["schemas"]["ProfileChange"];
export type OwnSession = components["schemas"]["OwnSession"];

export const profileQuery = queryOptions({
  queryKey: ["me", "profile"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/auth/profile", { signal })),
});

export const changeProfile = (change: ProfileChange) => body(api.PUT("/api/v1/auth/profile", { body: change }));

export const sessionsQuery = queryOptions({
  queryKey: ["me", "sessions"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/v1/auth/sessions", { signal }))).sessions,
  staleTime: 0,
});

export const endSession = (id: string) => nothing(api.DELETE("/api/v1/auth/sessions/{id}", { params: { path: { id } } }));

export const signOutEverywhere = () => nothing(api.POST("/api/v1/auth/logout-everywhere"));
