import { createRoute } from "@tanstack/react-router";
import { root } from "../../app/roots";
import { LastBoot } from "./LastBoot";

const boot = createRoute({
  getParentRoute: () => root,
  path: "/boot",
  staticData: { title: "Last start" },
  component: LastBoot,
});

export const bootRoutes = [boot] as const;
