import { useState } from "react";
import type { AuditEntry } from "../../api/audit";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { Skeleton, useSkeleton } from "../../parts/Skeleton";
import { roleName } from "../../roles";

const OUTCOMES: Record<string, string> = { success: "Done", denied: "Refused", error: "Failed" };
const COLUMNS = 5;

interface Props {
  title: string;
  /** Undefined while they are on their way. */
  entries: readonly AuditEntry[] | undefined;
}

/** The entries, newest first; each opens to all that is known of it. */
export function EntryTable({ title, entries }: Props) {
  const waiting = useSkeleton(entries === undefined);
  return (
    <div className="list-frame" aria-busy={entries === undefined}>
      <table className="list audit-list" aria-label={title}>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Result</th>
            <th scope="col" className="wide">
              Who
            </th>
            <th scope="col">When</th>
            <th scope="col" className="number wide">
              Entry
            </th>
          </tr>
        </thead>
        {waiting || entries === undefined ? (
          <tbody>
            {[0, 1, 2, 3].map((row) => (
              <tr key={row}>
                <td colSpan={COLUMNS}>
                  <Skeleton width="70%" />
                </td>
              </tr>
            ))}
          </tbody>
        ) : (
          entries.map((entry) => <Entry key={entry.id} entry={entry} />)
        )}
      </table>
    </div>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false);
  const details = `entry-${entry.id}`;
  return (
    <tbody data-open={open || undefined}>
      <tr>
        <th scope="row">
          <button type="button" className="audit-open" aria-expanded={open} aria-controls={details} onClick={() => setOpen(!open)}>
            <Icon name="chevron" />
            <span>{entry.title}</span>
          </button>
          <span className="list-note audit-sentence">{entry.description}</span>
        </th>
        <td>
          <span className="outcome" data-outcome={entry.outcome}>
            {OUTCOMES[entry.outcome] ?? entry.outcome}
          </span>
        </td>
        <td className="wide audit-who">{entry.actor_email ?? "Nobody signed in"}</td>
        <td className="audit-when">
          <Moment at={entry.at} />
        </td>
        <td className="number wide">{entry.number}</td>
      </tr>
      {open && (
        <tr id={details} className="audit-details">
          <td colSpan={COLUMNS}>
            <Details entry={entry} />
          </td>
        </tr>
      )}
    </tbody>
  );
}

/** A fact as a person reads it. */
function fact(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Details({ entry }: { entry: AuditEntry }) {
  const request = [entry.request_method, entry.request_path].filter((part) => part != null).join(" ");
  const resource = [entry.resource_type, entry.resource_id].filter((part) => part != null).join(" ");
  const rows: readonly (readonly [string, string | null | undefined])[] = [
    ["Event", entry.event],
    ["Severity", entry.severity],
    ["Who", entry.actor_email],
    ["Role", entry.actor_role == null ? undefined : roleName(entry.actor_role)],
    ["Whom", entry.target_email],
    ["On", resource],
    ["Client account", entry.client_account_id],
    ["Engagement", entry.engagement_id],
    ...Object.entries(entry.details).map(([name, value]) => [name.replaceAll("_", " "), fact(value)] as const),
    ["Request", request],
    ["Request id", entry.request_id],
    ["From", entry.ip_address ?? (request === "" ? undefined : "This machine, in process")],
    ["Program", entry.user_agent],
    ["Entry hash", entry.entry_hash],
  ];
  return (
    <dl className="audit-facts">
      {rows.map(
        ([name, value]) =>
          value != null &&
          value !== "" && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
