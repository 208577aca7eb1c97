import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useMatches, useParams } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { bootQuery, meQuery } from "../api/queries";
import { Icon, type IconName } from "../parts/Icon";
import { Mark } from "../parts/Mark";
import { Toasts } from "../parts/Toast";
import { EnvironmentBadge } from "./EnvironmentBadge";
import { remember, useHere, type Here } from "./place";
import { EngagementSwitcher, TenantSwitcher } from "./Switchers";
import { ThemeMenu } from "./ThemeMenu";
import { useTitle } from "./useTitle";
import { UserMenu } from "./UserMenu";
import "./Shell.css";

/** Drops everything of the client account one has left, running requests too. */
function useForgetting(clientId: string | undefined) {
  const queries = useQueryClient();
  const before = useRef(clientId);
  useEffect(() => {
    const left = before.current;
    before.current = clientId;
    if (left === undefined || left === clientId) return;
    void queries.cancelQueries({ queryKey: [left] });
    queries.removeQueries({ queryKey: [left] });
  }, [clientId, queries]);
}

function NavLabel({ icon, children }: { icon: IconName; children: string }) {
  return (
    <>
      <Icon name={icon} />
      <span>{children}</span>
    </>
  );
}

function Navigation({ here }: { here: Here }) {
  const { clientId, engagementId } = here;
  const me = useQuery(meQuery).data?.user;
  return (
    <nav className="nav" aria-label="Pages">
      {clientId !== undefined && engagementId !== undefined && (
        <>
          <Link to="/clients/$clientId/engagements/$engagementId/overview" params={{ clientId, engagementId }}>
            <NavLabel icon="overview">Overview</NavLabel>
          </Link>
          <Link
            to="/clients/$clientId/engagements/$engagementId/assets"
            params={{ clientId, engagementId }}
            activeOptions={{ includeSearch: false }}
          >
            <NavLabel icon="assets">Assets</NavLabel>
          </Link>
        </>
      )}
      {clientId !== undefined && (
        <Link to="/clients/$clientId/engagements" params={{ clientId }} activeOptions={{ exact: true }}>
          <NavLabel icon="engagements">Engagements</NavLabel>
        </Link>
      )}
      {me?.role_type === "platform_admin" && (
        <Link to="/data">
          <NavLabel icon="data">Data</NavLabel>
        </Link>
      )}
    </nav>
  );
}

const SEEDED: Record<string, { name: string; text: string }> = {
  demo: { name: "Demo data", text: "client accounts and assets are made up." },
  qa: { name: "QA data", text: "seeded for testing; everybody knows the passwords." },
};

/** Says that the data are seeded, on every page; a profile without seeded data has none. */
function SeededBanner() {
  const { data } = useQuery({ ...bootQuery, enabled: false });
  const seeded = SEEDED[data?.profile ?? ""];
  if (data === undefined || seeded === undefined) return null;
  return (
    <p className="banner" data-profile={data.profile}>
      <strong>{seeded.name}:</strong> {seeded.text}
    </p>
  );
}

/** The frame around every page of somebody signed in. */
export function Shell() {
  const here = useHere();
  const params = useParams({ strict: false });
  const page = useMatches({ select: (matches) => matches.at(-1)?.staticData.title });
  const title = useTitle(page, here.client?.name);
  useForgetting(here.clientId);

  const { clientId, engagementId } = params;
  const known = here.client !== undefined && (engagementId === undefined || here.engagement !== undefined);
  useEffect(() => {
    if (known && clientId !== undefined) remember({ clientId, engagementId });
  }, [known, clientId, engagementId]);

  return (
    <div className="shell">
      <Toasts>
        <a className="skip" href="#main">
          Skip to the content
        </a>
        <header className="top">
          <div className="bar">
            <Link to="/" className="bar-mark" aria-label="Drydock, start page">
              <Mark size={22} />
            </Link>
            <TenantSwitcher here={here} />
            {here.clientId !== undefined && (
              <span className="bar-slash" aria-hidden="true">
                /
              </span>
            )}
            <EngagementSwitcher here={here} />
            <span className="bar-gap" />
            <EnvironmentBadge />
            <ThemeMenu />
            <UserMenu />
          </div>
          <SeededBanner />
        </header>
        <Navigation here={here} />
        <main className="main" id="main" tabIndex={-1}>
          <Outlet />
        </main>
        <p className="hidden" role="status">
          {title}
        </p>
      </Toasts>
    </div>
  );
}
