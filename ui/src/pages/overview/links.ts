import { NONE } from "../../words";

/** Filters of the asset list, by their names in its address. */
export type AssetSearch = Partial<Record<string, string>>;

/** A list of values of one filter: a comma or backslash within a value is not one between two. */
const list = (values: readonly string[]) => values.map((value) => value.replaceAll(/[\\,]/g, "\\$&")).join(",");

/** Assets that hold one value, or none. */
export const holding = (filter: string, value: string | null | undefined): AssetSearch => ({ [filter]: value ?? NONE });

/** Assets of which something is recorded. */
export const recorded = (filter: string): AssetSearch => ({ [filter]: "*" });

/** Assets with one of these operating systems; those without one where there is none to name. */
export const running = (systems: readonly string[]): AssetSearch => ({
  operating_system: systems.length === 0 ? NONE : list(systems),
});
