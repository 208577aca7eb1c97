import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { signInsQuery } from "../../api/monitoring";
import { SelectField } from "../../parts/Field";
import { counted, figure, label } from "../../words";
import { Sparkline } from "./Sparkline";
import { Unread } from "./Unread";

const HOURS = [
  { value: "24", label: "Last 24 hours" },
  { value: "168", label: "Last 7 days" },
  { value: "720", label: "Last 30 days" },
];

/** The hour that something belongs to. */
const hour = (at: number) => Math.floor(at / 3_600_000);

interface Props {
  hours: number;
  onHours: (hours: string) => void;
}

/** How many sign-ins open a session, and why the others don't: counted from the security log, which each figure opens. */
export function SignIns({ hours, onHours }: Props) {
  const { data, error, refetch } = useQuery(signInsQuery(hours));
  const failed = data?.failed.reduce((sum, { count }) => sum + count, 0) ?? 0;
  const all = (data?.succeeded ?? 0) + failed;
  const series = Array.from({ length: hours }, () => 0);
  if (data !== undefined) {
    const first = hour(new Date(data.since).getTime()) + 1;
    for (const one of data.hours) {
      const at = hour(new Date(one.at).getTime()) - first;
      if (at >= 0 && at < series.length) series[at] = one.succeeded + one.failed;
    }
  }
  const rows = [
    { key: "succeeded", name: "Signed in", count: data?.succeeded ?? 0, event: "sign_in.succeeded", q: undefined },
    ...(data?.failed ?? []).map(({ reason, count }) => ({ key: reason, name: label(reason), count, event: "sign_in.failed", q: reason })),
    { key: "throttled", name: "Waits imposed", count: data?.throttled ?? 0, event: "sign_in.throttled", q: undefined },
  ];
  const most = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <section aria-labelledby="sign-ins-title">
      <div className="monitoring-head">
        <div>
          <h2 id="sign-ins-title">Sign-ins</h2>
          <p className="quiet">
            {data === undefined
              ? "Counting…"
              : all === 0
                ? "Nobody tried to sign in."
                : `${figure((data.succeeded / all) * 100)} % of ${counted(all, "sign-in")} opened a session.`}
          </p>
        </div>
        <Sparkline label={`Sign-ins an hour, ${figure(Math.max(...series))} at the most`} values={series} />
        <SelectField label="Time" options={HOURS} value={String(hours)} onText={onHours} />
      </div>
      {error !== null ? (
        <Unread error={error} onRetry={() => void refetch()} />
      ) : (
        <table className="bars">
          <caption className="hidden">Sign-ins by how they ended</caption>
          <thead className="hidden">
            <tr>
              <th scope="col">How it ended</th>
              <th scope="col">Share</th>
              <th scope="col">Number</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, name, count, event, q }) => (
              <tr key={key}>
                <th scope="row">{name}</th>
                <td aria-hidden="true">
                  <span className="bars-bar" style={{ width: `${(count / most) * 100}%` }} data-bad={key === "succeeded" ? undefined : true} />
                </td>
                <td className="number">
                  <Link to="/audit" search={{ event, ...(q !== undefined && { q }) }} aria-label={`${figure(count)}: ${name}, in the security log`}>
                    {figure(count)}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
