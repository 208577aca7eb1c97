import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { label, NOT_RECORDED } from "../../words";
import type { CellValue } from "./data";
import { isFigure, type Field } from "./fields";

/** Reads what was typed. Undefined: it is no number. */
export function typed(field: Field, text: string): CellValue | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (!isFigure(field)) return trimmed;
  const number = Number(trimmed.replaceAll(",", ""));
  return Number.isFinite(number) ? number : undefined;
}

interface Props {
  field: Field;
  value: string | number | null | undefined;
  /** Takes the value; `onward` when Tab was pressed, to go on to the next cell. */
  onSave: (value: CellValue, onward: boolean) => void;
  onCancel: () => void;
}

/** Changes one value where it stands: Enter and Tab save, Esc does not. Leaving it saves. */
export function CellEditor({ field, value, onSave, onCancel }: Props) {
  const [text, setText] = useState(value == null ? "" : String(value));
  const [wrong, setWrong] = useState(false);
  const input = useRef<HTMLInputElement & HTMLSelectElement>(null);
  const done = useRef(false);

  useEffect(() => {
    input.current?.focus();
    if (input.current instanceof HTMLInputElement) input.current.select();
  }, []);

  const save = (onward: boolean, now = text) => {
    if (done.current) return;
    const next = typed(field, now);
    if (next === undefined || (next === null && field.required === true)) {
      setWrong(true);
      return;
    }
    done.current = true;
    if (next === (value ?? null)) onCancel();
    else onSave(next, onward);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      done.current = true;
      onCancel();
    } else if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      save(event.key === "Tab");
    }
  };
  const common = {
    ref: input,
    className: "cell-editor",
    "aria-label": field.label,
    "aria-invalid": wrong || undefined,
    onKeyDown,
    onBlur: () => (wrong ? onCancel() : save(false)),
    value: text,
  };

  if (field.values !== undefined) {
    return (
      <select {...common} onChange={(event) => setText(event.target.value)}>
        {field.required !== true && <option value="">{NOT_RECORDED}</option>}
        {field.values.map((one) => (
          <option key={one} value={one}>
            {label(one)}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      {...common}
      inputMode={isFigure(field) ? "decimal" : "text"}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => {
        setText(event.target.value);
        setWrong(false);
      }}
    />
  );
}
