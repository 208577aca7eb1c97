import type { Monitoring, Sample } from "../../api/monitoring";
import { Moment } from "../../parts/Moment";
import { Skeleton } from "../../parts/Skeleton";
import { counted, figure, size } from "../../words";
import { Sparkline } from "./Sparkline";

/** What happened between two samples, per minute; a counter that was set back counts from nothing. */
export function perMinute(samples: readonly Sample[], of: (sample: Sample) => number): number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? sample;
    const minutes = (new Date(sample.at).getTime() - new Date(before.at).getTime()) / 60_000;
    const change = of(sample) - of(before);
    return minutes <= 0 ? 0 : Math.max(0, change < 0 ? of(sample) : change) / minutes;
  });
}

interface TileProps {
  name: string;
  value: string | undefined;
  note: string;
  values: readonly number[];
  /** How one of the values is written. */
  write: (value: number) => string;
}

function Tile({ name, value, note, values, write }: TileProps) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (
    <div className="tile">
      <dt>{name}</dt>
      <dd>
        <span className="tile-figure">{value ?? <Skeleton width="5rem" />}</span>
        <span className="quiet tile-note">{note}</span>
        <Sparkline label={`${name} over time, ${write(low)} at the least, ${write(high)} at the most`} values={values} />
      </dd>
    </div>
  );
}

/** The figures of the moment, each with how it was in the last day. */
export function Now({ now }: { now: Monitoring | undefined }) {
  const samples = now?.samples ?? [];
  const transactions = perMinute(samples, (sample) => sample.commits + sample.rollbacks);
  const { pages_hit: hit = 0, pages_read: read = 0 } = now?.database ?? {};
  const rate = transactions.at(-1);
  const first = samples[0];
  return (
    <section aria-labelledby="now-title">
      <h2 id="now-title">Now</h2>
      <dl className="tiles">
        <Tile
          name="Database"
          value={now && size(now.database.bytes)}
          note={now === undefined ? "" : hit + read === 0 ? "nothing read yet" : `${figure((hit / (hit + read)) * 100)} % of pages from memory`}
          values={samples.map((sample) => sample.database_bytes)}
          write={size}
        />
        <Tile
          name="Connections"
          value={now && `${figure(now.connections.used)} of ${figure(now.connections.limit)}`}
          note={now === undefined ? "" : `${figure(now.connections.reserved)} reserved for administrators`}
          values={samples.map((sample) => sample.connections)}
          write={figure}
        />
        <Tile
          name="Transactions a minute"
          value={now && (rate === undefined ? "Not known yet" : figure(rate))}
          note={now === undefined ? "" : `${figure(now.database.rollbacks)} of ${figure(now.database.commits + now.database.rollbacks)} rolled back, ${counted(now.database.deadlocks, "deadlock")}`}
          values={transactions}
          write={figure}
        />
        <Tile
          name="Turned away at the door"
          value={now && figure(now.turned_away.total)}
          note="requests since the start"
          values={perMinute(samples, (sample) => sample.turned_away)}
          write={(value) => `${figure(value)} a minute`}
        />
      </dl>
      <p className="quiet">
        {first === undefined ? (
          "The first sample is taken some seconds after a start, then one a minute; a day's are kept on this machine."
        ) : (
          <>
            {counted(samples.length, "sample")} since <Moment at={first.at} />, one a minute while Drydock runs; a day&apos;s are kept on this machine.
          </>
        )}
      </p>
    </section>
  );
}
