import { useId, useState } from "react";
import { Button } from "./Button";
import { Icon } from "./Icon";
import "./CopyReport.css";

/** Copies a report; where the clipboard refuses, shows it as text to select. */
export function CopyReport({ report }: { report: string }) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  const id = useId();

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(report);
      setState("copied");
    } catch {
      setState("refused");
    }
  };

  return (
    <div className="copy-report">
      <Button onClick={() => void copy()}>
        <Icon name={state === "copied" ? "check" : "copy"} />
        Copy report
      </Button>
      <span role="status" className="quiet">
        {state === "copied" && "Copied to the clipboard."}
        {state === "refused" && "The clipboard is not available. Select the text below and copy it."}
      </span>
      {state === "refused" && (
        <div className="copy-report-text">
          <label htmlFor={id}>Report</label>
          <textarea id={id} readOnly rows={8} value={report} onFocus={(event) => event.currentTarget.select()} />
        </div>
      )}
    </div>
  );
}
