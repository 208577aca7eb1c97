import { useQueryClient } from "@tanstack/react-query";
import { Link, useMatches, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { engagementsQuery } from "../api/queries";
import { Switcher } from "../parts/Switcher";
import { counted } from "../words";
import type { Here } from "./place";

const APPLE = /mac|iphone|ipad/i.test(navigator.userAgent);
const KEYS = APPLE ? "⌘ J" : "Ctrl J";

function usePage() {
  return useMatches({ select: (matches) => matches.at(-1)?.staticData.page });
}

/** Switches the client account; the page stays the same, in that client account's first engagement. */
export function TenantSwitcher({ here }: { here: Here }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const page = usePage();

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "j" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      setOpen((was) => !was);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);

  const choose = async (clientId: string) => {
    if (clientId === here.clientId && page !== undefined) return;
    if (page !== "engagements") {
      // Where the engagements can't be read, the list of them is the page that says why.
      const first = await queries.query({ ...engagementsQuery(clientId), staleTime: "static" }).then(
        (list) => list[0],
        () => undefined,
      );
      if (first !== undefined) {
        const params = { clientId, engagementId: first.id };
        await (page === "assets"
          ? navigate({ to: "/clients/$clientId/engagements/$engagementId/assets", params })
          : navigate({ to: "/clients/$clientId/engagements/$engagementId/overview", params }));
        return;
      }
    }
    await navigate({ to: "/clients/$clientId/engagements", params: { clientId } });
  };

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
      onChoose={(id) => void choose(id)}
      open={open}
      onOpen={setOpen}
      keys={KEYS}
    >
      <Link to="/clients" className="switcher-foot" onClick={() => setOpen(false)}>
        All client accounts
      </Link>
    </Switcher>
  );
}

/** Switches the engagement within the client account; the page stays the same. */
export function EngagementSwitcher({ here }: { here: Here }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const page = usePage();
  const { clientId } = here;
  if (clientId === undefined) return null;

  const choose = (engagementId: string) => {
    const params = { clientId, engagementId };
    void (page === "assets"
      ? navigate({ to: "/clients/$clientId/engagements/$engagementId/assets", params })
      : navigate({ to: "/clients/$clientId/engagements/$engagementId/overview", params }));
  };

  return (
    <Switcher
      what="Engagement"
      current={here.engagement?.name ?? "Choose an engagement"}
      currentId={here.engagementId}
      items={here.engagements?.map((engagement) => ({
        id: engagement.id,
        name: engagement.name,
        note: counted(engagement.asset_count, "asset"),
      }))}
      onChoose={choose}
      open={open}
      onOpen={setOpen}
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
  );
}
