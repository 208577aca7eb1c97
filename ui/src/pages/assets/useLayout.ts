import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import type { Place } from "../../api/queries";
import type { Density } from "./AssetGrid";
import { keepLayout, layoutQuery, type TableLayout } from "./data";
import { FIELDS, fieldOf, FIRST_COLUMNS, type Field, type FieldName } from "./fields";

const PAUSE_MS = 400;

export interface Layout {
  columns: readonly Field[];
  widths: Record<string, number>;
  density: Density;
}

/** A stored layout as this build has it: columns that it does not know are left out. */
export function readLayout(stored: TableLayout | null | undefined): Layout {
  const columns = (stored?.columns ?? FIRST_COLUMNS).map(fieldOf).filter((field) => field !== undefined);
  return {
    // A list without names of its rows can't be read.
    columns: columns.some((field) => field.name === "name") ? columns : [...FIELDS.slice(0, 1), ...columns],
    widths: stored?.widths ?? {},
    density: stored?.density === "compact" ? "compact" : "comfortable",
  };
}

export const storeLayout = ({ columns, widths, density }: Layout): TableLayout => ({
  columns: columns.map(({ name }) => name),
  widths,
  density,
});

/** How this user has the table: read once, changed at once, kept on the server a moment later. */
export function useLayout(place: Place) {
  const queries = useQueryClient();
  const stored = useQuery({ ...layoutQuery(place), staleTime: Infinity });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const waiting = useRef<() => void>(undefined);

  const set = useCallback(
    (change: (before: Layout) => Layout) => {
      const { queryKey } = layoutQuery(place);
      const next = storeLayout(change(readLayout(queries.getQueryData(queryKey))));
      queries.setQueryData(queryKey, next);
      clearTimeout(timer.current);
      waiting.current = () => {
        waiting.current = undefined;
        // Where it can't be kept it holds until the next start; nothing is lost that can't be set again.
        keepLayout(place, next).catch(() => undefined);
      };
      timer.current = setTimeout(() => waiting.current?.(), PAUSE_MS);
    },
    [queries, place],
  );
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      waiting.current?.();
    },
    [],
  );
  return {
    layout: readLayout(stored.data),
    /** Until then the columns may still change places. */
    known: !stored.isPending,
    set,
    setWidth: useCallback(
      (field: FieldName, width: number) => set((before) => ({ ...before, widths: { ...before.widths, [field]: width } })),
      [set],
    ),
  };
}
