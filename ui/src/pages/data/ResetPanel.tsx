import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Undo } from "../../api/maintenance";
import { clientsQuery } from "../../api/queries";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { counted } from "../../words";

export const UNDO_LABEL: Record<Undo["cause"], string> = { reset: "Undo reset", restore: "Undo restore", undo: "Redo" };

const SINCE: Record<Undo["cause"], string> = {
  reset: "The demo data was reset",
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

/** Back to the seeded data, and back again. */
export function ResetPanel({ undo, busy, acting, onReset, onUndo }: Props) {
  const [asking, setAsking] = useState(false);
  return (
    <section className="panel" aria-labelledby="reset-title">
      <div className="panel-row">
        <div>
          <h2 id="reset-title">Demo data</h2>
          <p className="quiet">Go back to the data Drydock came with. What is there now is kept and can be brought back.</p>
        </div>
        <Button busy={acting === "reset"} aria-disabled={busy || undefined} onClick={() => busy || setAsking(true)}>
          Reset demo data
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
      <Confirm open={asking} onOpen={setAsking} title="Reset demo data?" does="Reset demo data" onConfirm={onReset}>
        <Replaced by="the seeded demo data" />
      </Confirm>
    </section>
  );
}
