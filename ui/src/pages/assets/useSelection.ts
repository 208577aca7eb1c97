import { useMemo, useRef, useState } from "react";
import type { Asset } from "../../api/queries";
import type { GridSelection } from "./AssetGrid";

/** The most assets that are named one by one; beyond that one selects all that match. */
export const MOST_NAMED = 1000;

export interface Selected extends GridSelection {
  /** Those that were selected one by one, in the order of the list. */
  assets: readonly Asset[];
  count: number;
}

/** Which rows are selected: some of them, by id, or all that match. */
export function useSelection(total: number | undefined, at: (index: number) => Asset | undefined): Selected {
  const [chosen, setChosen] = useState<ReadonlyMap<string, { index: number; asset: Asset }>>(new Map());
  const [everything, setEverything] = useState(false);
  const anchor = useRef(0);

  return useMemo(() => {
    const none = () => {
      setChosen(new Map());
      setEverything(false);
    };
    return {
      has: (asset) => everything || chosen.has(asset.id),
      toggle: (index, asset) => {
        anchor.current = index;
        setEverything(false);
        setChosen((before) => {
          // From everything one goes back to this row alone.
          const next = new Map(everything ? [] : before);
          if (!next.delete(asset.id)) next.set(asset.id, { index, asset });
          return next;
        });
      },
      extend: (index) => {
        const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
        const next = new Map<string, { index: number; asset: Asset }>();
        for (let row = from; row <= to && next.size < MOST_NAMED; row += 1) {
          const asset = at(row);
          if (asset !== undefined) next.set(asset.id, { index: row, asset });
        }
        setEverything(false);
        setChosen(next);
      },
      all: () => {
        setChosen(new Map());
        setEverything(total !== undefined && total > 0);
      },
      none,
      state: everything ? "all" : chosen.size > 0 ? "some" : "none",
      assets: [...chosen.values()].sort((one, other) => one.index - other.index).map(({ asset }) => asset),
      count: everything ? (total ?? 0) : chosen.size,
    };
  }, [chosen, everything, total, at]);
}
