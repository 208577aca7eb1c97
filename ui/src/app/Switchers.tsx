import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Switcher } from "../parts/Switcher";
import { counted } from "../words";
import { useActions, type Action } from "./actions";
import type { Here } from "./place";
import { written } from "./shortcut";
import { useSwitch } from "./switching";

const CLIENT_KEYS = "mod+j";
const ENGAGEMENT_KEYS = "s e";

interface Props {
  here: Here;
  to: ReturnType<typeof useSwitch>;
}

function TenantSwitcher({ here, to }: Props) {
  const [open, setOpen] = useState(false);

  useActions([
    {
      id: "switch.client",
      title: "Switch the client account",
      group: "Switch",
      icon: "clients",
      shortcut: CLIENT_KEYS,
      whileTyping: true,
      words: "tenant",
      run: () => setOpen((was) => !was),
    },
    ...(here.clients ?? [])
      .filter(({ id }) => id !== here.clientId)
      .map(
        ({ id, name, asset_count }): Action => ({
          id: `switch.client.${id}`,
          title: name,
          group: "Switch",
          icon: "clients",
          words: "client account tenant",
          note: counted(asset_count, "asset"),
          run: () => to.toClient(id),
        }),
      ),
  ]);

  return (
    <Switcher
      what="Client account"
      className="switcher-tenant"
      current={here.client?.name ?? (here.clients === undefined ? "Client account" : here.clients.length === 0 ? "No client account" : "Choose a client account")}
      currentId={here.clientId}
      items={here.clients?.map((client) => ({
        id: client.id,
        name: client.name,
        note: counted(client.asset_count, "asset"),
      }))}
      onChoose={to.toClient}
      open={open}
      onOpen={setOpen}
      keys={written(CLIENT_KEYS)}
    >
      <Link to="/clients" className="switcher-foot" onClick={() => setOpen(false)}>
        All client accounts
      </Link>
    </Switcher>
  );
}

function EngagementSwitcher({ here, to }: Props) {
  const [open, setOpen] = useState(false);
  const { clientId } = here;

  useActions([
    {
      id: "switch.engagement",
      title: "Switch the engagement",
      group: "Switch",
      icon: "engagements",
      shortcut: ENGAGEMENT_KEYS,
      when: clientId !== undefined,
      words: "project",
      run: () => setOpen(true),
    },
    ...(here.engagements ?? [])
      .filter(({ id }) => id !== here.engagementId)
      .map(
        ({ id, name, asset_count }): Action => ({
          id: `switch.engagement.${id}`,
          title: name,
          group: "Switch",
          icon: "engagements",
          words: "engagement project",
          note: counted(asset_count, "asset"),
          run: () => to.toEngagement(id),
        }),
      ),
  ]);

  if (clientId === undefined) return null;
  return (
    <>
      <span className="bar-slash" aria-hidden="true">
        /
      </span>
      <Switcher
        what="Engagement"
        current={here.engagement?.name ?? "Choose an engagement"}
        currentId={here.engagementId}
        items={here.engagements?.map((engagement) => ({
          id: engagement.id,
          name: engagement.name,
          note: counted(engagement.asset_count, "asset"),
        }))}
        onChoose={to.toEngagement}
        open={open}
        onOpen={setOpen}
        keys={written(ENGAGEMENT_KEYS)}
      >
        <Link
          to="/clients/$clientId/engagements"
          params={{ clientId }}
          className="switcher-foot"
          onClick={() => setOpen(false)}
        >
          All engagements
        </Link>
      </Switcher>
    </>
  );
}

/** Where one is, at the top left of every page, and the way elsewhere; the page stays the same where it can. */
export function Switchers({ here }: { here: Here }) {
  const to = useSwitch(here);
  return (
    <>
      <TenantSwitcher here={here} to={to} />
      <EngagementSwitcher here={here} to={to} />
    </>
  );
}
