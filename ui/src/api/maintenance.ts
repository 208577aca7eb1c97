import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { api, body, nothing } from "./client";
import { Problem } from "./problem";
import { bootQuery } from "./queries";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Status = Schemas["Maintenance"];
export type Undo = Schemas["Undo"];
export type Task = Schemas["Task"];
export type Snapshot = Schemas["Snapshot"];
export type DamagedFile = Schemas["DamagedFile"];
export type SnapshotWords = Required<Schemas["SnapshotChange"]>;

const of = (id: string) => ({ params: { path: { id } } });

/** Waits until there is news after the revision `after`, at most about ten seconds; without it answers at once. */
export const readMaintenance = (after: number | undefined, signal: AbortSignal): Promise<Status> =>
  body(api.GET("/api/v1/maintenance", { params: { query: after === undefined ? {} : { after } }, signal }));

export const resetData = () => body(api.POST("/api/v1/maintenance/reset"));

export const undoSwap = () => body(api.POST("/api/v1/maintenance/undo"));

export const cancelTask = () => nothing(api.POST("/api/v1/maintenance/cancel"));

export const snapshotsQuery = queryOptions({
  queryKey: ["snapshots"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/snapshots", { signal })),
});

export const createSnapshot = (words: { name: string; note: string }) => body(api.POST("/api/v1/snapshots", { body: words }));

export const changeSnapshot = (id: string, words: { name: string; note: string }) =>
  body(api.PATCH("/api/v1/snapshots/{id}", { ...of(id), body: words }));

export const removeSnapshot = (id: string) => nothing(api.DELETE("/api/v1/snapshots/{id}", of(id)));

export const putSnapshotBack = (id: string) => body(api.POST("/api/v1/snapshots/{id}/put-back", of(id)));

export const restoreSnapshot = (id: string) => body(api.POST("/api/v1/snapshots/{id}/restore", of(id)));

export const exportSnapshot = (id: string) => body(api.POST("/api/v1/snapshots/{id}/export", of(id)));

/** Sends a file that was exported before. */
export const importSnapshot = (file: File): Promise<Snapshot> =>
  body(
    api.POST("/api/v1/snapshots/import", {
      body: file,
      bodySerializer: (content) => content as File,
      headers: { "content-type": "application/octet-stream" },
    }),
  );

/** What a task failed with, as a problem. */
export const fromTask = ({ code, what, cause, next_step }: Schemas["TaskError"]): Problem =>
  new Problem({ code, status: 0, title: what, detail: cause, nextStep: next_step });

/** Drops all that was read from a database that has been replaced, and reads anew what is on screen. */
export async function forget(queries: QueryClient) {
  const predicate = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== bootQuery.queryKey[0];
  await queries.cancelQueries({ predicate });
  queries.removeQueries({ predicate, type: "inactive" });
  await queries.refetchQueries({ predicate, type: "active" });
  // What can't be read any more must not stay either.
  await queries.resetQueries({ predicate: (query) => predicate(query) && query.state.status === "error" });
}
