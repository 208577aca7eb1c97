import { createRoute, redirect } from "@tanstack/react-router";
import { client, engagement } from "../../app/roots";
import { EngagementsPage } from "./EngagementsPage";

/** A client account alone leads to its engagements. */
export const clientHome = createRoute({
  getParentRoute: () => client,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/clients/$clientId/engagements", params, replace: true });
  },
});

/** An engagement alone leads to its overview. */
export const engagementHome = createRoute({
  getParentRoute: () => engagement,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/clients/$clientId/engagements/$engagementId/overview", params, replace: true });
  },
});

const engagements = createRoute({
  getParentRoute: () => client,
  path: "/engagements",
  staticData: { title: "Engagements" },
  component: EngagementsPage,
});

export const engagementsRoutes = [engagements] as const;
