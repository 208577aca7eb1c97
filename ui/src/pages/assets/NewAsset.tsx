import type { Place } from "../../api/queries";
import { FormDialog } from "../../parts/Dialog";
import { FormProblem } from "../../parts/FormProblem";
import { useForm } from "../../parts/useForm";
import { typed } from "./CellEditor";
import { createAsset, type Values } from "./data";
import { FieldInput } from "./FieldInput";
import { fieldOf, type FieldName } from "./fields";

const ASKED: readonly FieldName[] = ["name", "asset_type", "environment", "criticality", "hostname", "ip_address", "cpu_cores", "memory_gb", "storage_gb", "description"];

interface Props {
  place: Place;
  onMade: (made: { id: string; name: string; change: string | null }) => void;
  onClose: () => void;
}

/** The few fields one begins with; all others are changed afterwards. */
export function NewAsset({ place, onMade, onClose }: Props) {
  const initial: Record<string, string> = Object.fromEntries(ASKED.map((name) => [name, name === "asset_type" ? "server" : ""]));
  const form = useForm({
    initial,
    paths: Object.fromEntries(ASKED.map((name) => [name, `/set/${name}`])),
    send: async (values) => {
      const set: Values = {};
      for (const name of ASKED) {
        const field = fieldOf(name);
        const text = values[name] ?? "";
        if (field === undefined || (text.trim() === "" && field.required !== true)) continue;
        // What is no number is sent as it is, and refused with its reason.
        set[name] = typed(field, text) ?? text;
      }
      const { asset, change_id } = await createAsset(place, set);
      onMade({ id: asset.id, name: asset.name, change: change_id ?? null });
    },
  });
  return (
    <FormDialog open wide onOpen={(open) => open || onClose()} title="New asset" does="Make the asset" busy={form.busy} dirty={form.dirty} onSubmit={form.submit}>
      <FormProblem problem={form.problem} />
      <div className="form-columns">
        {ASKED.map((name) => {
          const field = fieldOf(name);
          if (field === undefined) return null;
          const { value, onText, problem } = form.field(name);
          return <FieldInput key={name} field={field} value={value} onText={onText} problem={problem} />;
        })}
      </div>
    </FormDialog>
  );
}
