import { Link } from "@tanstack/react-router";
import type { Place } from "../../api/queries";
import { Skeleton } from "../../parts/Skeleton";
import { counted, figure } from "../../words";
import type { AssetSearch } from "./links";

const TO_ASSETS = "/clients/$clientId/engagements/$engagementId/assets";

/** One value and how many assets have it. */
export interface Bar {
  key: string;
  name: string;
  /** Beside the name, grey. */
  note?: string | undefined;
  count: number;
  /** The list that proves the count. */
  search: AssetSearch;
  /** Stands for no value: drawn grey. */
  none?: boolean;
}

interface Props {
  place: Place;
  title: string;
  /** Undefined while they are on their way. */
  bars: readonly Bar[] | undefined;
  /** Said where there is no bar. */
  none?: string;
}

/** How the assets divide by one property: a table whose bars repeat the figures, and whose figures open the assets. */
export function Breakdown({ place, title, bars, none }: Props) {
  const most = Math.max(1, ...(bars ?? []).map(({ count }) => count));
  return (
    <section className="breakdown">
      <table>
        <caption>{title}</caption>
        <colgroup>
          <col className="breakdown-value" />
          <col />
          <col className="breakdown-count" />
        </colgroup>
        <thead className="hidden">
          <tr>
            <th scope="col">Value</th>
            <th scope="col">Share</th>
            <th scope="col">Assets</th>
          </tr>
        </thead>
        <tbody>
          {bars === undefined &&
            [0, 1, 2].map((row) => (
              <tr key={row}>
                <th scope="row">
                  <Skeleton width="6rem" />
                </th>
                <td />
                <td />
              </tr>
            ))}
          {bars?.map(({ key, name, note, count, search, none: grey }) => (
            <tr key={key}>
              <th scope="row" title={note === undefined ? name : `${name}, ${note}`}>
                {name}
                {note !== undefined && <span className="quiet breakdown-note"> {note}</span>}
              </th>
              <td className="breakdown-bar" aria-hidden="true">
                <span style={{ width: `${(count / most) * 100}%` }} data-none={grey} data-zero={count === 0 || undefined} />
              </td>
              <td className="number">
                <Link
                  to={TO_ASSETS}
                  params={place}
                  search={search}
                  className="row-link"
                  aria-label={`${counted(count, "asset")}: ${title.toLowerCase()} ${name.toLowerCase()}`}
                >
                  {figure(count)}
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {bars?.length === 0 && none !== undefined && <p className="quiet breakdown-none">{none}</p>}
    </section>
  );
}

interface TotalProps {
  place: Place;
  name: string;
  value: number | undefined;
  unit?: string;
  /** What the figure leaves out, or is a part of. */
  of?: string | undefined;
  search?: AssetSearch;
}

/** One figure over many assets; it opens the assets it is made of. */
export function Total({ place, name, value, unit, of, search = {} }: TotalProps) {
  return (
    <div className="total">
      <dt>{name}</dt>
      <dd>
        <Link to={TO_ASSETS} params={place} search={search} title="Show the assets behind this figure">
          <span className="total-figure">{value === undefined ? <Skeleton width="4rem" /> : figure(value)}</span>
          {unit !== undefined && <span className="total-unit"> {unit}</span>}
        </Link>
        {of !== undefined && <span className="total-of">{of}</span>}
      </dd>
    </div>
  );
}
