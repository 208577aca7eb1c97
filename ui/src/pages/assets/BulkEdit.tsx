import { useId, useState } from "react";
import { fromThrown, type Problem } from "../../api/problem";
import { FormDialog } from "../../parts/Dialog";
import { FormProblem } from "../../parts/FormProblem";
import { counted } from "../../words";
import { typed } from "./CellEditor";
import type { Values } from "./data";
import { FieldInput } from "./FieldInput";
import { fieldOf, FIELDS, title, type FieldName } from "./fields";

const SHARED = FIELDS.filter((field) => field.edit === true && field.own !== true);

interface Props {
  /** How many assets it is about. */
  count: number;
  onSave: (set: Values) => Promise<void>;
  onClose: () => void;
}

/** Sets one field of many assets to the same value. */
export function BulkEdit({ count, onSave, onClose }: Props) {
  const id = useId();
  const [name, setName] = useState<FieldName>("environment");
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const field = fieldOf(name);

  const save = async () => {
    if (field === undefined || busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await onSave({ [name]: typed(field, text) ?? (text.trim() === "" ? null : text) });
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    } finally {
      setBusy(false);
    }
  };
  const wrong = problem?.fields.find(({ path }) => path === `/set/${name}`)?.message;

  return (
    <FormDialog
      open
      onOpen={(open) => open || onClose()}
      title={`Change ${counted(count, "asset")}`}
      does="Change"
      busy={busy}
      onSubmit={() => void save()}
    >
      <FormProblem problem={wrong === undefined ? problem : undefined} />
      <div className="field">
        <label htmlFor={id}>Field</label>
        <select
          id={id}
          value={name}
          onChange={(event) => {
            setName(event.target.value as FieldName);
            setText("");
          }}
        >
          {SHARED.map((one) => (
            <option key={one.name} value={one.name}>
              {title(one)}
            </option>
          ))}
        </select>
      </div>
      {field !== undefined && <FieldInput key={name} field={field} value={text} onText={setText} problem={wrong} />}
      <p className="quiet">Left empty, it is not recorded any more. The change can be undone.</p>
    </FormDialog>
  );
}
