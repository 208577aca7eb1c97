import { useState } from "react";
import { FormDialog } from "./Dialog";
import "./Conflict.css";

/** One field that was changed by both. */
export interface Clash {
  /** Its name in the request. */
  field: string;
  /** Its name as people say it. */
  label: string;
  /** Both values as people read them. */
  yours: string;
  theirs: string;
}

interface Props {
  /** What was changed by both: "web-1". */
  what: string;
  clashes: readonly Clash[];
  busy?: boolean;
  /** Names the fields whose value is to be yours; of all others theirs stays. */
  onChoose: (yours: ReadonlySet<string>) => void;
  onClose: () => void;
}

/** Two people changed the same thing: shows both values field by field and lets one choose. Nothing is lost by closing. */
export function Conflict({ what, clashes, busy = false, onChoose, onClose }: Props) {
  const [yours, setYours] = useState<ReadonlySet<string>>(() => new Set(clashes.map(({ field }) => field)));

  const choose = (field: string, mine: boolean) =>
    setYours((before) => {
      const next = new Set(before);
      if (mine) next.add(field);
      else next.delete(field);
      return next;
    });

  return (
    <FormDialog
      open
      wide
      onOpen={(open) => open || onClose()}
      title={`“${what}” was changed meanwhile`}
      does="Save what is chosen"
      busy={busy}
      onSubmit={() => onChoose(yours)}
    >
      <p>Somebody saved another value after you opened it. Choose which one stays.</p>
      <div className="conflict">
        {clashes.map(({ field, label, yours: mine, theirs }) => (
          <fieldset key={field}>
            <legend>{label}</legend>
            {[
              { value: mine, own: true, whose: "Yours" },
              { value: theirs, own: false, whose: "Theirs" },
            ].map(({ value, own, whose }) => (
              <label key={whose} className="conflict-side">
                <input
                  type="radio"
                  name={`conflict-${field}`}
                  checked={yours.has(field) === own}
                  onChange={() => choose(field, own)}
                />
                <span className="quiet">{whose}</span>{" "}
                <span className="conflict-value">{value}</span>
              </label>
            ))}
          </fieldset>
        ))}
      </div>
    </FormDialog>
  );
}
