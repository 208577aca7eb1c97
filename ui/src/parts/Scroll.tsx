import type { ReactNode } from "react";
import "./Scroll.css";

interface Props {
  /** What is in it, for whoever doesn't see it. */
  label: string;
  /** At most so high, not only so wide. */
  tall?: boolean;
  children: ReactNode;
}

/** What may be larger than its place: scrolls by itself, by keyboard too. */
export function Scroll({ label, tall = false, children }: Props) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has only a keyboard scrolls by focusing it
    <div className="scroll" data-tall={tall || undefined} tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  );
}

/** Text as it was written: a log, a script, a command. */
export function Verbatim({ label, children }: { label: string; children: string }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above
    <pre className="verbatim" tabIndex={0} role="region" aria-label={label}>
      {children}
    </pre>
  );
}
