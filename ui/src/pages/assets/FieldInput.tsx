import { SelectField, TextArea, TextField } from "../../parts/Field";
import { label as words, NOT_RECORDED } from "../../words";
import { isFigure, title, type Field } from "./fields";

interface Props {
  field: Field;
  value: string;
  onText: (value: string) => void;
  problem: string | undefined;
}

/** One field of an asset in a form. */
export function FieldInput({ field, ...bound }: Props) {
  if (field.values !== undefined) {
    const options = field.values.map((value) => ({ value, label: words(value) }));
    return (
      <SelectField label={field.label} name={field.name} {...bound} options={field.required === true ? options : [{ value: "", label: NOT_RECORDED }, ...options]} />
    );
  }
  if (field.name === "description") return <TextArea label={field.label} name={field.name} {...bound} />;
  return (
    <TextField
      label={title(field)}
      name={field.name}
      autoComplete="off"
      spellCheck={false}
      inputMode={isFigure(field) ? "decimal" : "text"}
      {...bound}
      hint={field.kind === "word" ? "Lower-case letters, digits and underscores." : undefined}
    />
  );
}
