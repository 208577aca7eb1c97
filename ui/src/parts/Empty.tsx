import type { ReactNode } from "react";
import "./Empty.css";

/** Says why there is nothing to see, and what one can do about it. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
