import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type UrlAnswer = Schemas["UrlAnswer"];
export type UrlConsumer = Schemas["UrlConsumer"];
export type Rule = Schemas["RuleAnswer"];
export type Call = Schemas["Call"];
export type EnvironmentQuestion = Schemas["EnvironmentQuestion"];

const KEY = "deploy";

/** What each consumer does with a URL. It is sent in the body of a request, so that it stands in no address and no log. */
export const readUrl = (url: string, withoutTls: boolean, reveal: boolean, signal?: AbortSignal) =>
  body(
    api.POST("/api/v1/deploy/url", {
      body: { url, without_tls: withoutTls, reveal },
      ...(signal !== undefined && { signal }),
    }),
  );

export const presetsQuery = queryOptions({
  queryKey: [KEY, "presets"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/deploy/presets", { signal })),
  staleTime: Infinity,
});

export const environmentQuery = (question: EnvironmentQuestion) =>
  queryOptions({
    queryKey: [KEY, "environment", question],
    queryFn: ({ signal }) => body(api.POST("/api/v1/deploy/environment", { body: question, signal })),
    staleTime: 60_000,
  });
