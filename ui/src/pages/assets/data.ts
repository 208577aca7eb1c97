import { keepPreviousData, queryOptions, useQueries, useQuery, type QueryClient } from "@tanstack/react-query";
import { api, body, nothing } from "../../api/client";
import { selector, type Asset, type AssetPage, type Place } from "../../api/queries";
import type { components } from "../../api/schema";
import { searchText, sortText, without, type AssetSearch, type Filters, type Listing } from "./address";
import type { FieldName } from "./fields";

type Schemas = components["schemas"];

export type AssetDetail = Schemas["AssetDetail"];
export type HistoryEntry = Schemas["AssetHistoryEntry"];
export type SavedView = Schemas["SavedView"];
export type TableLayout = Schemas["TableLayout"];
export type AssetExport = Schemas["AssetExport"];
export type CellValue = string | number | null;
export type Values = Partial<Record<FieldName, CellValue>>;
export type Selection = { ids: string[] } | { filter: Filters & { q?: string } };

/** Rows read at once. A window of any height shows three of these at most. */
export const CHUNK = 100;

/** Everything about the assets of an engagement has a key that begins so; a change reads all of it again. */
export const assetsKey = ({ clientId, engagementId }: Place) => [clientId, engagementId, "assets"] as const;

const header = (place: Place) => ({ params: { header: selector(place) } });

/** Filter and search as the API has them. */
export const filterOf = ({ filters, q }: Pick<Listing, "filters" | "q">): Filters & { q?: string } => ({
  ...filters,
  ...(q !== undefined && { q }),
});

const listKey = (place: Place, listing: Listing) => [...assetsKey(place), "rows", filterOf(listing), sortText(listing.sort)] as const;

function chunkQuery(queries: QueryClient, place: Place, listing: Listing, chunk: number, end: number | undefined) {
  const key = (at: number) => [...listKey(place, listing), at];
  return queryOptions({
    queryKey: key(chunk),
    queryFn: ({ signal }): Promise<AssetPage> => {
      const near = (at: number) => queries.getQueryData<AssetPage>(key(at));
      // On from a neighbour where there is one: quicker, and nothing is missed. Else a jump.
      const next = near(chunk - 1)?.next_cursor;
      const previous = near(chunk + 1)?.previous_cursor;
      const rest = end === undefined ? CHUNK : end - chunk * CHUNK;
      const where =
        chunk === 0
          ? {}
          : next != null
            ? { cursor: next }
            : previous != null
              ? { cursor: previous }
              : rest <= CHUNK
                ? { last: true, limit: rest }
                : { offset: chunk * CHUNK };
      return body(
        api.GET("/api/v1/assets", {
          params: {
            header: selector(place),
            query: { limit: CHUNK, sort: sortText(listing.sort), ...filterOf(listing), ...where },
          },
          signal,
        }),
      );
    },
    // A jump through a long list leaves many behind.
    gcTime: 60_000,
  });
}

export interface Rows {
  /** How many there are; undefined until that is known. */
  total: number | undefined;
  /** False while only a lower bound is known. */
  exact: boolean;
  at: (index: number) => Asset | undefined;
  /** The first page could not be read. */
  error: Error | null;
  /** A later one could not be. */
  broken: boolean;
  retry: () => void;
  /** What is shown is of another filter or order; this one's is on its way. */
  changing: boolean;
}

/** The rows of a listing around what is on screen. */
export function useRows(queries: QueryClient, place: Place, listing: Listing, first: number, last: number): Rows {
  const head = useQuery({ ...chunkQuery(queries, place, listing, 0, undefined), placeholderData: keepPreviousData });
  const bound = head.data;
  const counted = useQuery({
    queryKey: [...assetsKey(place), "count", filterOf(listing)],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/assets/count", { params: { header: selector(place), query: filterOf(listing) }, signal }))).count,
    enabled: bound !== undefined && !bound.total_is_exact && !head.isPlaceholderData,
  });
  const exact = bound?.total_is_exact === true || counted.data !== undefined;
  const total = bound === undefined ? undefined : bound.total_is_exact ? bound.total : (counted.data ?? bound.total);

  const chunks: number[] = [];
  if (!head.isPlaceholderData && total !== undefined) {
    const end = Math.min(last, total - 1);
    for (let chunk = Math.floor(first / CHUNK); chunk <= Math.floor(end / CHUNK); chunk += 1) if (chunk > 0) chunks.push(chunk);
  }
  const others = useQueries({
    queries: chunks.map((chunk) => chunkQuery(queries, place, listing, chunk, exact ? total : undefined)),
  });

  const at = (index: number): Asset | undefined => {
    const chunk = Math.floor(index / CHUNK);
    const page =
      chunk === 0 ? bound : (others[chunks.indexOf(chunk)]?.data ?? queries.getQueryData<AssetPage>([...listKey(place, listing), chunk]));
    return page?.assets[index - chunk * CHUNK];
  };
  const broken = others.some((query) => query.isError);
  return {
    total,
    exact,
    at,
    error: head.isLoadingError ? head.error : null,
    broken,
    retry: () => {
      if (head.isError) void head.refetch();
      for (const query of others) if (query.isError) void query.refetch();
    },
    changing: head.isPlaceholderData,
  };
}

/** Reads assets one after the other, at most `most`: for what goes to the clipboard. */
export async function readRows(place: Place, listing: Listing, most: number): Promise<Asset[]> {
  const rows: Asset[] = [];
  let cursor: string | undefined;
  do {
    const page = await body(
      api.GET("/api/v1/assets", {
        params: {
          header: selector(place),
          query: { limit: 500, sort: sortText(listing.sort), ...filterOf(listing), ...(cursor !== undefined && { cursor }) },
        },
      }),
    );
    rows.push(...page.assets);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && rows.length < most);
  return rows.slice(0, most);
}

export const detailQuery = (place: Place, id: string) =>
  queryOptions({
    queryKey: [...assetsKey(place), "detail", id],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/assets/{id}", { params: { header: selector(place), path: { id } }, signal })),
  });

export const historyQuery = (place: Place, id: string) =>
  queryOptions({
    queryKey: [...assetsKey(place), "history", id],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/assets/{id}/history", { params: { header: selector(place), path: { id } }, signal }))).entries,
  });

/** The values of a column among what the other filters let pass. */
export const valuesQuery = (place: Place, listing: Listing, column: FieldName) => {
  const query = { column, ...filterOf({ filters: without(listing.filters, column), q: listing.q }) };
  return queryOptions({
    queryKey: [...assetsKey(place), "values", query],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/assets/values", { params: { header: selector(place), query }, signal }))).values,
  });
};

const one = (place: Place, id: string) => ({ params: { header: selector(place), path: { id } } });

export const editAsset = (place: Place, id: string, version: number, set: Values) =>
  body(api.PATCH("/api/v1/assets/{id}", { ...one(place, id), body: { version, set } }));

export const createAsset = (place: Place, set: Values) => body(api.POST("/api/v1/assets", { ...header(place), body: { set } }));

export const editAssets = (place: Place, selection: Selection, set: Values) =>
  body(api.POST("/api/v1/assets/edit", { ...header(place), body: { selection, set } }));

export const deleteAssets = (place: Place, selection: Selection) =>
  body(api.POST("/api/v1/assets/delete", { ...header(place), body: selection }));

export const undoChange = (place: Place, id: string) => body(api.POST("/api/v1/asset-changes/{id}/undo", one(place, id)));

export const layoutQuery = (place: Place) =>
  queryOptions({
    queryKey: [place.clientId, "asset-table"],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/asset-table", { params: { header: selector(place) }, signal }))).layout ?? null,
  });

export const keepLayout = (place: Place, layout: TableLayout) => nothing(api.PUT("/api/v1/asset-table", { ...header(place), body: layout }));

export const viewsQuery = (place: Place) =>
  queryOptions({
    queryKey: [place.clientId, place.engagementId, "asset-views"],
    queryFn: async ({ signal }) => (await body(api.GET("/api/v1/asset-views", { params: { header: selector(place) }, signal }))).views,
  });

export interface ViewWords {
  name: string;
  search: AssetSearch;
  layout: TableLayout;
  isDefault: boolean;
}

const words = ({ name, search, layout, isDefault }: ViewWords) => ({
  name,
  query: searchText(search),
  layout,
  is_default: isDefault,
});

export const createView = (place: Place, view: ViewWords) => body(api.POST("/api/v1/asset-views", { ...header(place), body: words(view) }));

export const changeView = (place: Place, id: string, view: ViewWords) =>
  body(api.PUT("/api/v1/asset-views/{id}", { ...one(place, id), body: words(view) }));

export const deleteView = (place: Place, id: string) => nothing(api.DELETE("/api/v1/asset-views/{id}", one(place, id)));

export const beginExport = (place: Place, listing: Listing, columns: readonly FieldName[], escapeFormulas: boolean) =>
  body(
    api.POST("/api/v1/asset-exports", {
      ...header(place),
      body: { filter: filterOf(listing), sort: sortText(listing.sort), columns: [...columns], escape_formulas: escapeFormulas },
    }),
  );

export const readExport = (id: string, signal: AbortSignal) => body(api.GET("/api/v1/asset-exports/{id}", { params: { path: { id } }, signal }));

export const cancelExport = (id: string) => nothing(api.DELETE("/api/v1/asset-exports/{id}", { params: { path: { id } } }));
