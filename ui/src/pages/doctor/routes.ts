import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "../../app/roots";

export interface DoctorSearch {
  /** The examination that is shown. */
  examination?: string;
}

const doctor = createRoute({
  getParentRoute: () => signedIn,
  path: "/doctor",
  staticData: { title: "Doctor" },
  validateSearch: ({ examination }: Record<string, unknown>): DoctorSearch =>
    typeof examination === "string" && examination !== "" ? { examination } : {},
  component: lazyRouteComponent(() => import("./DoctorPage"), "DoctorPage"),
});

export const doctorRoutes = [doctor] as const;
