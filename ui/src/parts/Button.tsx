import type { ComponentProps } from "react";

type Look = "primary" | "plain" | "quiet";

interface Props extends ComponentProps<"button"> {
  look?: Look;
  /** Shows a spinner beside the label, which stays. */
  busy?: boolean;
}

export function Button({ look = "plain", busy = false, className = "", children, type = "button", ...rest }: Props) {
  return (
    <button {...rest} type={type} className={`button button-${look} ${className}`} aria-busy={busy || undefined}>
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}
