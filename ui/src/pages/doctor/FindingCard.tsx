import { useState, type ReactNode } from "react";
import type { Command, Finding } from "../../api/diagnosis";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Verbatim } from "../../parts/Scroll";
import "./finding.css";

const WHERE: Record<string, string> = { sql: "SQL", shell: "Shell", file: "File", setting: "Variable" };

/** A command to the letter, with a button that copies it. */
export function CommandBlock({ command }: { command: Command }) {
  const [copied, setCopied] = useState(false);
  const where = WHERE[command.language] ?? command.language;
  const copy = async () => {
    await navigator.clipboard.writeText(command.text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div className="command">
      <p className="command-head">
        <span>{where}</span>
        <Button look="quiet" onClick={() => void copy()} aria-label={`Copy the ${where} command`}>
          <Icon name={copied ? "check" : "copy"} />
          <span role="status">{copied ? "Copied" : "Copy"}</span>
        </Button>
      </p>
      <Verbatim label={`${where} command`}>{command.text}</Verbatim>
    </div>
  );
}

interface Props {
  finding: Finding;
  /** Beside the title: what can be done with the finding. */
  children?: ReactNode;
}

/** Something that is wrong: what was seen, why, what to do, and what not to. */
export function FindingCard({ finding, children }: Props) {
  return (
    <article className="finding" aria-labelledby={`finding-${finding.id}`}>
      <header className="finding-head">
        <div>
          <p className="finding-id">
            <code>{finding.id}</code>
            <span className="quiet">
              breaks <strong>{finding.stage}</strong>: {finding.stage_title}
            </span>
          </p>
          <h3 id={`finding-${finding.id}`}>{finding.title}</h3>
        </div>
        {children !== undefined && <div className="finding-actions">{children}</div>}
      </header>
      <section>
        <h4>Seen</h4>
        <ul className="evidence">
          {finding.evidence.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
      <section>
        <h4>Cause</h4>
        <p>{finding.cause}</p>
      </section>
      <section className="finding-remedy">
        <h4>Remedy</h4>
        <p>{finding.remedy}</p>
        {finding.commands.map((command) => (
          <CommandBlock key={`${command.language} ${command.text}`} command={command} />
        ))}
      </section>
      <section className="finding-band-aid">
        <h4>
          <Icon name="alert" />
          Not this
        </h4>
        <p>{finding.band_aid}</p>
      </section>
      <p className="quiet finding-source">Known from: {finding.source}</p>
    </article>
  );
}
