import { useQuery } from "@tanstack/react-query";
import { auditChainQuery, type AuditScope } from "../../api/audit";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { counted } from "../../words";

/** Whether the log is as it was written: its chain is followed whenever the page is opened, or a new entry has come. */
export function ChainStatus({ scope, written }: { scope: AuditScope; written: number | undefined }) {
  const { data, isError } = useQuery(auditChainQuery(scope, written));
  if (isError) return <p className="chain quiet">Whether the log is as it was written could not be found out.</p>;
  if (data === undefined) return <p className="chain quiet">Checking that the log is as it was written…</p>;
  if (data.broken != null) {
    const { number, sentence, next_step, code } = data.broken;
    return (
      <div className="chain chain-broken" role="alert">
        <Icon name="alert" />
        <div>
          <p>
            <strong>This log was changed behind Drydock&apos;s back.</strong> Entry {number}: {sentence}{" "}
            {data.verified === 0 ? "Nothing before it is left." : `The ${counted(data.verified, "entry", "entries")} before it ${data.verified === 1 ? "is" : "are"} as written.`}
          </p>
          <p>{next_step}</p>
          <p className="quiet">
            Code <code>{code}</code>
          </p>
        </div>
      </div>
    );
  }
  return (
    <p className="chain quiet" role="status">
      <Icon name="shield" />
      <span>
        {data.verified === 0 ? (
          "There is no entry yet."
        ) : (
          <>
            All {counted(data.verified, "entry", "entries")} are as they were written
            {data.verified_until != null && (
              <>
                , up to <Moment at={data.verified_until} />
              </>
            )}
            .
          </>
        )}
      </span>
    </p>
  );
}
