import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { Button } from "./Button";
import { Icon } from "./Icon";
import "./Notice.css";

/** What was asked for further down must not be answered out of sight. */
const reveal = (notice: HTMLElement | null) => notice?.scrollIntoView({ block: "nearest" });

interface Props {
  onClose: () => void;
  className?: string;
  children: ReactNode;
}

/** What came of an action, until one closes it. */
export function Notice({ onClose, className = "", children }: Props) {
  return (
    <div className={`notice ${className}`} ref={reveal}>
      <div className="notice-text">{children}</div>
      <Button look="quiet" className="button-icon" aria-label="Close this message" onClick={onClose}>
        <Icon name="close" />
      </Button>
    </div>
  );
}

/** Why something failed: what, why, what next, code. */
export function ProblemWords({ problem }: { problem: Problem }) {
  return (
    <>
      <p>
        <strong>{problem.title}</strong>
      </p>
      {problem.detail !== "" && <p>{problem.detail}</p>}
      {problem.nextStep !== "" && <p>{problem.nextStep}</p>}
      <p className="quiet">
        Code <code>{problem.code}</code>
      </p>
    </>
  );
}

/** Why an action failed, on the page where it was asked for. */
export function ProblemNotice({ problem, onClose }: { problem: Problem; onClose: () => void }) {
  return (
    <Notice className="notice-bad" onClose={onClose}>
      <div role="alert">
        <ProblemWords problem={problem} />
      </div>
    </Notice>
  );
}
