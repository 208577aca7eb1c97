import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "../../app/roots";

const NAMES = ["q", "stage", "fidelity", "scenario", "chosen", "run"] as const;

/** What of the lab is shown, by its names in the URL. */
export interface LabSearch {
  /** Part of an id, a title or a cause. */
  q?: string | undefined;
  stage?: string | undefined;
  fidelity?: string | undefined;
  /** The scenario whose description is opened. */
  scenario?: string | undefined;
  /** The scenarios that are to be played, with commas between. */
  chosen?: string | undefined;
  /** The run that is shown. */
  run?: string | undefined;
}

const validateSearch = (search: Record<string, unknown>): LabSearch => {
  const found: LabSearch = {};
  for (const name of NAMES) {
    const value = search[name];
    if (typeof value === "string" && value !== "") found[name] = value;
  }
  return found;
};

const lab = createRoute({
  getParentRoute: () => signedIn,
  path: "/lab",
  staticData: { title: "Deploy Lab" },
  validateSearch,
  component: lazyRouteComponent(() => import("./LabPage"), "LabPage"),
});

export interface ReplaySearch {
  /** The step of the night that is shown, from 1. */
  step?: string;
  /** The run that is shown. */
  run?: string;
}

const replay = createRoute({
  getParentRoute: () => signedIn,
  path: "/replay",
  staticData: { title: "Incident replay" },
  validateSearch: ({ step, run }: Record<string, unknown>): ReplaySearch => ({
    ...(typeof step === "string" && /^\d{1,3}$/.test(step) && { step }),
    ...(typeof run === "string" && run !== "" && { run }),
  }),
  component: lazyRouteComponent(() => import("./ReplayPage"), "ReplayPage"),
});

export const labRoutes = [lab, replay] as const;
