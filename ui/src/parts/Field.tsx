import { useId, useState, type ComponentProps, type ReactNode } from "react";
import { Button } from "./Button";
import { Icon } from "./Icon";
import "./Field.css";

interface Props extends Omit<ComponentProps<"input">, "onChange" | "value"> {
  label: string;
  value: string;
  onText: (value: string) => void;
  /** What is wrong with the value; said below it. */
  problem?: string | undefined;
  /** What is to be known before filling it in; said below it. */
  hint?: ReactNode;
}

/** What belongs to one input: its ids, and what stands below it. */
function useField({ id: own, problem, hint }: { id?: string | undefined; problem?: string | undefined; hint?: ReactNode }) {
  const made = useId();
  const id = own ?? made;
  const [problemId, hintId] = [`${id}-problem`, `${id}-hint`];
  const described = [problem !== undefined && problemId, hint !== undefined && hintId].filter((name) => name !== false);
  return {
    id,
    input: {
      id,
      "aria-invalid": problem !== undefined || undefined,
      "aria-describedby": described.length > 0 ? described.join(" ") : undefined,
    },
    below: (
      <>
        {problem !== undefined && (
          <p id={problemId} className="field-problem">
            {problem}
          </p>
        )}
        {hint !== undefined && (
          <div id={hintId} className="field-hint">
            {hint}
          </div>
        )}
      </>
    ),
  };
}

/** A line of text with its label, and below it what is wrong. */
export function TextField({ id: own, label, value, onText, problem, hint, ...rest }: Props) {
  const { id, input, below } = useField({ id: own, problem, hint });
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input {...rest} {...input} value={value} onChange={(event) => onText(event.target.value)} />
      {below}
    </div>
  );
}

/** The same for a password: hidden until one asks to see it. Paste and password managers work. */
export function PasswordField({ id: own, label, value, onText, problem, hint, ...rest }: Props) {
  const { id, input, below } = useField({ id: own, problem, hint });
  const [shown, setShown] = useState(false);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="field-with-button">
        <input
          {...rest}
          {...input}
          type={shown ? "text" : "password"}
          spellCheck={false}
          autoCapitalize="none"
          value={value}
          onChange={(event) => onText(event.target.value)}
        />
        <Button
          look="quiet"
          className="button-icon"
          aria-label={`Show the ${label.toLowerCase()}`}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          <Icon name={shown ? "eyeOff" : "eye"} />
        </Button>
      </div>
      {below}
    </div>
  );
}

interface AreaProps extends Omit<ComponentProps<"textarea">, "onChange" | "value"> {
  label: string;
  value: string;
  onText: (value: string) => void;
  problem?: string | undefined;
  hint?: ReactNode;
}

/** Several lines of text. */
export function TextArea({ id: own, label, value, onText, problem, hint, rows = 3, ...rest }: AreaProps) {
  const { id, input, below } = useField({ id: own, problem, hint });
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea {...rest} {...input} rows={rows} value={value} onChange={(event) => onText(event.target.value)} />
      {below}
    </div>
  );
}

interface SelectProps extends Omit<ComponentProps<"select">, "onChange" | "value"> {
  label: string;
  value: string;
  onText: (value: string) => void;
  options: readonly { value: string; label: string }[];
  problem?: string | undefined;
  hint?: ReactNode;
}

/** One of a few values: the system's own list, which every keyboard and screen reader knows. */
export function SelectField({ id: own, label, value, onText, options, problem, hint, ...rest }: SelectProps) {
  const { id, input, below } = useField({ id: own, problem, hint });
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select {...rest} {...input} value={value} onChange={(event) => onText(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {below}
    </div>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  onCheck: (checked: boolean) => void;
  problem?: string | undefined;
  hint?: ReactNode;
  name?: string;
  disabled?: boolean;
}

/** Yes or no. */
export function Check({ label, checked, onCheck, problem, hint, ...rest }: CheckProps) {
  const { id, input, below } = useField({ problem, hint });
  return (
    <div className="check">
      <label htmlFor={id}>
        <input {...rest} {...input} type="checkbox" checked={checked} onChange={(event) => onCheck(event.target.checked)} />
        {label}
      </label>
      {below}
    </div>
  );
}
