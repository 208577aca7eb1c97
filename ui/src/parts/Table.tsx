import { useState, type ReactNode } from "react";
import { Icon } from "./Icon";
import { Skeleton, useSkeleton } from "./Skeleton";
import "./Table.css";

export interface Column<R> {
  id: string;
  head: string;
  cell: (row: R) => ReactNode;
  /** What the column is sorted by; without it, it can't be. Rows without a value come last either way. */
  by?: (row: R) => string | number | null | undefined;
  /** Figures: right aligned, tabular. */
  number?: boolean;
  /** Left out where the page is narrow. */
  wide?: boolean;
  /** Read out but not shown, for a column of buttons. */
  hiddenHead?: boolean;
}

/** Which column, and which way: "name", "-name" for downwards. */
export type Sort = string;

interface Props<R> {
  /** What the table is called. */
  label: string;
  /** The first column names the row. */
  columns: readonly Column<R>[];
  /** Undefined while they are on their way. */
  rows: readonly R[] | undefined;
  rowKey: (row: R) => string;
  /** At first, or where `onSort` is given, always. */
  sort?: Sort | undefined;
  /** Keeps the order elsewhere, mostly in the URL. */
  onSort?: (sort: Sort) => void;
  /** The whole row is a link: its first cell holds one with the class "row-link". */
  linked?: boolean;
  /** Below the head where there are no rows. */
  empty?: ReactNode;
}

const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

/** `rows` in the order of `sort`; those without a value last. */
export function sorted<R>(rows: readonly R[], columns: readonly Column<R>[], sort: Sort | undefined): R[] {
  const down = sort?.startsWith("-") === true;
  const by = columns.find(({ id }) => id === sort?.replace(/^-/, ""))?.by;
  if (by === undefined) return [...rows];
  return rows
    .map((row) => ({ row, value: by(row) ?? null }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
      const order =
        typeof a.value === "number" && typeof b.value === "number"
          ? a.value - b.value
          : compare(String(a.value), String(b.value));
      return down ? -order : order;
    })
    .map(({ row }) => row);
}

/** A list of at most some hundred rows, sorted by the head one presses. The head stays where nothing is below. */
export function Table<R>({ label, columns, rows, rowKey, sort: given, onSort, linked = false, empty }: Props<R>) {
  const [own, setOwn] = useState(given);
  const sort = onSort === undefined ? own : given;
  const waiting = useSkeleton(rows === undefined);

  const press = (id: string) => {
    const next = sort === id ? `-${id}` : id;
    if (onSort === undefined) setOwn(next);
    else onSort(next);
  };
  const direction = (id: string) => (sort === id ? "ascending" : sort === `-${id}` ? "descending" : undefined);
  const look = ({ number, wide }: Column<R>) => [number && "number", wide && "wide"].filter(Boolean).join(" ") || undefined;
  const shown = waiting || rows === undefined ? undefined : sorted(rows, columns, sort);

  return (
    <div className="list-frame" aria-busy={shown === undefined}>
      <table className="list" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                className={look(column)}
                aria-sort={column.by === undefined ? undefined : (direction(column.id) ?? "none")}
              >
                {column.by === undefined ? (
                  <span className={column.hiddenHead === true ? "hidden" : undefined}>{column.head}</span>
                ) : (
                  <button type="button" className="sort" onClick={() => press(column.id)}>
                    {column.head}
                    <span className="sort-sign" data-direction={direction(column.id)} aria-hidden="true">
                      <Icon name="chevron" />
                    </span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown === undefined
            ? [0, 1, 2].map((row) => (
                <tr key={row}>
                  {columns.map((column, index) => (
                    <td key={column.id} className={look(column)}>
                      {column.hiddenHead !== true && <Skeleton width={index === 0 ? "12rem" : "4rem"} />}
                    </td>
                  ))}
                </tr>
              ))
            : shown.map((row) => (
                <tr key={rowKey(row)} className={linked ? "list-link" : undefined}>
                  {columns.map((column, index) =>
                    index === 0 ? (
                      <th key={column.id} scope="row" className={look(column)}>
                        {column.cell(row)}
                      </th>
                    ) : (
                      <td key={column.id} className={look(column)}>
                        {column.cell(row)}
                      </td>
                    ),
                  )}
                </tr>
              ))}
        </tbody>
      </table>
      {shown?.length === 0 && empty}
    </div>
  );
}
