import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Monitoring = Schemas["Monitoring"];
export type Sample = Schemas["Sample"];
export type RecordedBoot = Schemas["RecordedBoot"];
export type BootHistory = Schemas["BootHistory"];
export type Migration = Schemas["Migration"];
export type SignIns = Schemas["SignIns"];
export type SlowStatement = Schemas["SlowStatement"];
export type TableSize = Schemas["TableSize"];
export type VectorColumn = Schemas["VectorColumn"];

const KEY = "monitoring";
/** What is live is asked for again this often while it is looked at. */
const AGAIN_MS = 15_000;

export const monitoringQuery = queryOptions({
  queryKey: [KEY, "now"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/monitoring", { signal })),
  refetchInterval: AGAIN_MS,
  staleTime: 0,
});

export const bootsQuery = queryOptions({
  queryKey: [KEY, "boots"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/monitoring/boots", { signal })),
  staleTime: 0,
});

export const bootLogQuery = (id: string) =>
  queryOptions({
    queryKey: [KEY, "boots", id, "log"],
    queryFn: ({ signal }) => body(api.GET("/api/v1/monitoring/boots/{id}/log", { params: { path: { id } }, signal })),
  });

export const migrationsQuery = queryOptions({
  queryKey: [KEY, "migrations"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/monitoring/migrations", { signal })),
  staleTime: 0,
});

export const signInsQuery = (hours: number) =>
  queryOptions({
    queryKey: [KEY, "sign-ins", hours],
    queryFn: ({ signal }) => body(api.GET("/api/v1/monitoring/sign-ins", { params: { query: { hours } }, signal })),
    refetchInterval: AGAIN_MS,
    staleTime: 0,
  });

export const statementsQuery = queryOptions({
  queryKey: [KEY, "statements"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/monitoring/statements", { signal })),
  staleTime: 0,
});

export const tablesQuery = queryOptions({
  queryKey: [KEY, "tables"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/monitoring/tables", { signal })),
  staleTime: 0,
});

export const vectorsQuery = queryOptions({
  queryKey: [KEY, "vectors"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/monitoring/vectors", { signal })),
  staleTime: 0,
});
