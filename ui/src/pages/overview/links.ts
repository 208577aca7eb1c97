import { NONE } from "../../words";
import { oneOf, type AssetSearch } from "../assets/address";

export type { AssetSearch };

/** Assets that hold one value, or none. */
export const holding = (filter: string, value: string | null | undefined): AssetSearch => ({
  [filter]: oneOf([value ?? null]) ?? NONE,
});

/** Assets of which something is recorded. */
export const recorded = (filter: string): AssetSearch => ({ [filter]: "*" });

/** Assets with one of these operating systems; those without one where there is none to name. */
export const running = (systems: readonly string[]): AssetSearch => ({ operating_system: oneOf(systems) ?? NONE });
