import { queryOptions } from "@tanstack/react-query";
import { api, body, nothing } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Scenario = Schemas["Scenario"];
export type Incident = Schemas["Incident"];
export type Finding = Schemas["Finding"];
export type Command = Schemas["Command"];
export type NewExamination = Schemas["NewExamination"];
export type Examination = Schemas["Examination"];
export type Run = Schemas["Run"];
export type RunState = Schemas["RunState"];
export type RunBoot = Schemas["RunBoot"];
export type Proof = Schemas["Proof"];
export type SymptomLine = Schemas["SymptomLine"];

/** What a report is of. */
export type Reported = { run: string } | { examination: string; finding?: string };
export type ReportFormat = "md" | "html";

const of = (id: string) => ({ params: { path: { id } } });

export const scenariosQuery = queryOptions({
  queryKey: ["lab", "scenarios"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/lab/scenarios", { signal })),
  staleTime: Infinity,
});

export const runsQuery = queryOptions({
  queryKey: ["lab", "runs"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/lab/runs", { signal })),
  staleTime: 0,
});

/** Looks at a deployment; aborting the signal looks no further. */
export const examine = (what: NewExamination, signal: AbortSignal) => body(api.POST("/api/v1/doctor", { body: what, signal }));

export const examinationQuery = (id: string) =>
  queryOptions({
    queryKey: ["doctor", id],
    queryFn: ({ signal }) => body(api.GET("/api/v1/doctor/{id}", { ...of(id), signal })),
    staleTime: Infinity,
  });

export const beginRun = (scenarios: readonly string[]) => body(api.POST("/api/v1/lab/runs", { body: { scenarios: [...scenarios] } }));

/** Waits until the run has news after the revision `after`, at most about ten seconds; without it answers at once. */
export const readRun = (id: string, after: number | undefined, signal: AbortSignal): Promise<Run> =>
  body(api.GET("/api/v1/lab/runs/{id}", { params: { path: { id }, query: after === undefined ? {} : { after } }, signal }));

export const cureRun = (id: string) => body(api.POST("/api/v1/lab/runs/{id}/remedy", of(id)));

export const endRun = (id: string) => nothing(api.DELETE("/api/v1/lab/runs/{id}", of(id)));

/** Writes a report into the folder of downloads and returns where. */
export async function saveReport(what: Reported, format: ReportFormat): Promise<string> {
  const saved =
    "run" in what
      ? await body(api.POST("/api/v1/lab/runs/{id}/report", { params: { path: { id: what.run }, query: { format } } }))
      : await body(
          api.POST("/api/v1/doctor/{id}/report", {
            params: { path: { id: what.examination }, query: { format, ...(what.finding !== undefined && { finding: what.finding }) } },
          }),
        );
  return saved.path;
}
