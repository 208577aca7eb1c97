import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Undo } from "../../api/maintenance";
import { bootQuery, clientsQuery } from "../../api/queries";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { counted } from "../../words";

export const UNDO_LABEL: Record<Undo["cause"], string> = { reset: "Undo reset", restore: "Undo restore", undo: "Redo" };

const SINCE: Record<Undo["cause"], string> = {
  reset: "The data were reset",
  restore: "A snapshot was restored",
  undo: "The last reset or restore was undone",
};

const names = new Intl.ListFormat("en-GB");

/** Everything that a reset or a restore replaces, by name and number. */
export function Replaced({ by }: { by: string }) {
  const clients = useQuery(clientsQuery).data;
  const sum = (of: "engagement_count" | "asset_count") => (clients ?? []).reduce((all, client) => all + client[of], 0);
  return (
    <>
      <p>
        {clients === undefined ? (
          "All client accounts are"
        ) : clients.length === 0 ? (
          "The database, which holds no client account, is"
        ) : (
          <>
            <strong>{names.format(clients.map((client) => client.name))}</strong> with{" "}
            {counted(sum("engagement_count"), "engagement")} and {counted(sum("asset_count"), "asset")} are
          </>
        )}{" "}
        replaced by {by}, and so are all users and their passwords.
      </p>
      <p>What is there now is kept, so this can be undone until the next reset or restore. Snapshots stay as they are.</p>
    </>
  );
}

interface Props {
  undo: Undo | null | undefined;
  busy: boolean;
  acting: "reset" | "undo" | undefined;
  onReset: () => void;
  onUndo: (undo: Undo) => void;
}

/** What a reset brings back. */
interface Seeded {
  head: string;
  text: string;
  does: string;
  by: string;
  note?: string;
}

const DEMO: Seeded = {
  head: "Demo data",
  text: "Go back to the data Drydock came with.",
  does: "Reset demo data",
  by: "the seeded demo data",
};

/** By the profile that the database was seeded with; every other is a demo. */
const SEEDED: Record<string, Seeded> = {
  qa: { head: "QA data", text: "Go back to the data Drydock came with.", does: "Reset QA data", by: "the seeded QA data" },
  empty: {
    head: "Empty database",
    text: "Go back to the database Drydock began with: no client account and no user.",
    does: "Reset to empty",
    by: "an empty database",
    note: "Your account is replaced too: the first account is set up anew, and that one can undo the reset.",
  },
};

/** Back to the seeded data, and back again. */
export function ResetPanel({ undo, busy, acting, onReset, onUndo }: Props) {
  const [asking, setAsking] = useState(false);
  const profile = useQuery({ ...bootQuery, enabled: false }).data?.profile;
  const seeded = SEEDED[profile ?? ""] ?? DEMO;
  return (
    <section className="panel" aria-labelledby="reset-title">
      <div className="panel-row">
        <div>
          <h2 id="reset-title">{seeded.head}</h2>
          <p className="quiet">{seeded.text} What is there now is kept and can be brought back.</p>
        </div>
        <Button busy={acting === "reset"} aria-disabled={busy || undefined} onClick={() => busy || setAsking(true)}>
          {seeded.does}
        </Button>
      </div>
      {undo != null && (
        <div className="panel-row panel-kept">
          <p>
            {SINCE[undo.cause]} on <Moment at={undo.at} />. The state before that is kept.
          </p>
          <Button busy={acting === "undo"} aria-disabled={busy || undefined} onClick={() => busy || onUndo(undo)}>
            <Icon name={undo.cause === "undo" ? "retry" : "undo"} />
            {UNDO_LABEL[undo.cause]}
          </Button>
        </div>
      )}
      <Confirm open={asking} onOpen={setAsking} title={`${seeded.does}?`} does={seeded.does} onConfirm={onReset}>
        <Replaced by={seeded.by} />
        {seeded.note !== undefined && <p>{seeded.note}</p>}
      </Confirm>
    </section>
  );
}
