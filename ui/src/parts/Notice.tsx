import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { Button } from "./Button";
import { Icon } from "./Icon";

interface Props {
  onClose: () => void;
  children: ReactNode;
}

/** What came of an action, until one closes it. */
export function Notice({ onClose, children }: Props) {
  return (
    <div className="notice">
      <div className="notice-text">{children}</div>
      <Button look="quiet" className="button-icon" aria-label="Close this message" onClick={onClose}>
        <Icon name="close" />
      </Button>
    </div>
  );
}

/** Why an action failed, where it was asked for: what, why, what next, code. */
export function ProblemNotice({ problem, onClose }: { problem: Problem; onClose: () => void }) {
  return (
    <div className="notice notice-bad" role="alert">
      <div className="notice-text">
        <p>
          <strong>{problem.title}</strong>
        </p>
        {problem.detail !== "" && <p>{problem.detail}</p>}
        {problem.nextStep !== "" && <p>{problem.nextStep}</p>}
        <p>
          Code <code>{problem.code}</code>
        </p>
      </div>
      <Button look="quiet" className="button-icon" aria-label="Close this message" onClick={onClose}>
        <Icon name="close" />
      </Button>
    </div>
  );
}
