import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useMatches, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { bootQuery } from "../api/queries";
import { Icon } from "../parts/Icon";
import { Keys } from "../parts/Keys";
import { Mark } from "../parts/Mark";
import { Toasts } from "../parts/Toast";
import { ActionScope } from "./ActionScope";
import { useRun } from "./actions";
import { EnvironmentBadge } from "./EnvironmentBadge";
import { Navigation } from "./Navigation";
import { Outage } from "./Outage";
import { PALETTE_KEYS } from "./Palette";
import { remember, useHere } from "./place";
import { Switchers } from "./Switchers";
import { useForgetting } from "./switching";
import { ThemeMenu } from "./ThemeMenu";
import { useTitle } from "./useTitle";
import { UserMenu } from "./UserMenu";
import "./Shell.css";

const SEEDED: Record<string, { name: string; text: string }> = {
  demo: { name: "Demo data", text: "client accounts and assets are made up." },
  qa: { name: "QA data", text: "seeded for testing; everybody knows the passwords." },
  repro: { name: "Repro", text: "a throw-away copy of a deployment's data; nothing here goes back there." },
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

/** The way to the palette for whoever does not know its keys. */
function FindButton() {
  const run = useRun();
  return (
    <button type="button" className="find" aria-label="Find" onClick={() => run("palette")} aria-keyshortcuts="Control+K Meta+K">
      <Icon name="search" />
      <span className="find-text">Find</span>
      <Keys of={PALETTE_KEYS} />
    </button>
  );
}

/** The frame around every page of somebody signed in. */
export function Shell() {
  return (
    <ActionScope>
      <Toasts>
        <Frame />
      </Toasts>
    </ActionScope>
  );
}

function Frame() {
  const here = useHere();
  const params = useParams({ strict: false });
  const page = useMatches({ select: (matches) => matches.at(-1)?.staticData.title });
  const title = useTitle(page, here.client?.name);
  useForgetting(here.clientId);

  const { clientId, engagementId } = params;
  const known = here.client !== undefined && (engagementId === undefined || here.engagement !== undefined);
  useEffect(() => {
    if (known && clientId !== undefined) remember({ clientId, ...(engagementId !== undefined && { engagementId }) });
  }, [known, clientId, engagementId]);

  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <div className="bar">
          <Link to="/" className="bar-mark" aria-label="Drydock, start page">
            <Mark size={22} />
          </Link>
          <Switchers here={here} />
          <span className="bar-gap" />
          <FindButton />
          <EnvironmentBadge />
          <ThemeMenu />
          <UserMenu />
        </div>
        <SeededBanner />
        <Outage />
      </header>
      <Navigation here={here} />
      <main className="main" id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <p className="hidden" role="status">
        {title}
      </p>
    </div>
  );
}
