import type { ReactNode } from "react";
import { Button } from "./Button";
import { Icon } from "./Icon";
import "./Empty.css";

interface Props {
  title: string;
  children: ReactNode;
}

/** Nothing yet: says what belongs here, and brings the one button that makes the first. */
export function Empty({ title, children }: Props) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Filters leave nothing: says so, and offers to clear them. */
export function NoMatch({ title, children, onClear }: Props & { onClear: () => void }) {
  return (
    <div className="empty" role="status">
      <h2>{title}</h2>
      {children}
      <Button onClick={onClear}>Clear filters</Button>
    </div>
  );
}

interface NoRightProps {
  /** What one may not see or do: "the users of this platform". */
  what: string;
  /** Who can grant it: "A platform admin". */
  whom: string;
  children?: ReactNode;
}

/** No right to it: names the right's keeper. A page that isn't offered but was opened anyway shows this. */
export function NoRight({ what, whom, children }: NoRightProps) {
  return (
    <div className="empty" role="alert">
      <Icon name="shield" />
      <h2>You may not see {what}</h2>
      <p>{whom} can give you the right to it.</p>
      <p className="quiet">
        Code <code>permission.denied</code>
      </p>
      {children}
    </div>
  );
}
