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
function useField({ id: own, problem, hint }: Pick<Props, "id" | "problem" | "hint">) {
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
