import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Problem } from "../../api/problem";
import type { Asset, AssetPage, Place } from "../../api/queries";
import { useOptimistic } from "../../api/useOptimistic";
import { failure, useToast, useUndo } from "../../parts/Toast";
import { counted } from "../../words";
import { cellText } from "./address";
import { assetsKey, deleteAssets, editAsset, editAssets, undoChange, type AssetDetail, type CellValue, type Selection, type Values } from "./data";
import { fieldOf, type Field } from "./fields";

interface Edit {
  asset: Asset;
  set: Values;
}

/** A change that came too late: what was wanted, and the asset as it is now. */
export interface Stale {
  edit: Edit;
  current: Asset;
}

const named = (set: Values) =>
  Object.entries(set)
    .map(([name, value]) => {
      const field = fieldOf(name);
      return field === undefined ? name : `${field.label}: ${cellText(field, value)}`;
    })
    .join(", ");

/** An asset with some values set, as it will be read. */
function withValues(asset: Asset, set: Values): Asset {
  const next: Record<string, unknown> = { ...asset };
  for (const [name, value] of Object.entries(set)) next[name] = value ?? undefined;
  return next as Asset;
}

/** Whatever is shown of an asset, as if the change had been made. */
function shownWith(shown: unknown, { asset, set }: Edit): unknown {
  if (typeof shown !== "object" || shown === null) return shown;
  if ("assets" in shown) {
    const page = shown as AssetPage;
    return { ...page, assets: page.assets.map((one) => (one.id === asset.id ? withValues(one, set) : one)) };
  }
  if ("asset" in shown) {
    const detail = shown as AssetDetail;
    return detail.asset.id === asset.id ? { ...detail, asset: withValues(detail.asset, set) } : shown;
  }
  return shown;
}

/** Changes of assets: seen at once, undone by a click, told apart from what others changed meanwhile. */
export function useChanges(place: Place) {
  const queries = useQueryClient();
  const say = useToast();
  const done = useUndo();
  const [stale, setStale] = useState<Stale>();

  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: assetsKey(place) }),
      queries.invalidateQueries({ queryKey: [place.clientId, place.engagementId, "overview"] }),
    ]);
  const undo = async (change: string) => {
    const { refused, refused_count } = await undoChange(place, change);
    await refresh();
    if (refused_count > 0) {
      const names = refused.slice(0, 3).map(({ name }) => `“${name}”`);
      const more = refused_count > names.length ? ` and ${counted(refused_count - names.length, "other")}` : "";
      say({ text: `Left as they are, because somebody changed them since: ${names.join(", ")}${more}.`, bad: true });
    }
  };

  const mutation = useOptimistic({
    send: ({ asset, set }: Edit) => editAsset(place, asset.id, asset.version, set),
    key: assetsKey(place),
    change: shownWith,
    failed: ({ asset }) => `“${asset.name}” was not changed.`,
    done: ({ change_id }, { asset, set }) => {
      if (change_id != null) done(`“${asset.name}” changed. ${named(set)}`, () => undo(change_id), `“${asset.name}” is as it was.`);
    },
    onConflict: (problem: Problem, edit) => {
      const current = problem.current as Asset | undefined;
      if (current == null) say(failure(problem, `“${edit.asset.name}” was not changed.`));
      else setStale({ edit, current });
    },
  });

  return {
    edit: (asset: Asset, field: Field, value: CellValue) => mutation.mutate({ asset, set: { [field.name]: value } }),
    /** Sends what was chosen in a conflict, on top of what is there now. */
    settle: (yours: ReadonlySet<string>) => {
      if (stale === undefined) return;
      const set = Object.fromEntries(Object.entries(stale.edit.set).filter(([name]) => yours.has(name))) as Values;
      setStale(undefined);
      if (Object.keys(set).length > 0) mutation.mutate({ asset: stale.current, set });
    },
    stale,
    forgetStale: () => setStale(undefined),
    editMany: async (selection: Selection, set: Values) => {
      const { count, change_id } = await editAssets(place, selection, set);
      await refresh();
      if (change_id == null) say({ text: "All of them have that value already." });
      else done(`${counted(count, "asset")} changed. ${named(set)}`, () => undo(change_id), `${counted(count, "asset")} changed back.`);
    },
    remove: async (selection: Selection, what: string) => {
      try {
        const { change_id } = await deleteAssets(place, selection);
        await refresh();
        if (change_id != null) done(`${what} deleted.`, () => undo(change_id), `${what} put back.`);
      } catch (thrown) {
        say(failure(thrown, `${what} could not be deleted.`));
      }
    },
    made: async (name: string, change: string | null) => {
      await refresh();
      if (change !== null) done(`“${name}” made.`, () => undo(change), `“${name}” is gone again.`);
    },
    undoStep: (change: string) => {
      undo(change).then(
        () => say({ text: "Undone." }),
        (thrown: unknown) => say(failure(thrown, "This could not be undone.")),
      );
    },
  };
}
