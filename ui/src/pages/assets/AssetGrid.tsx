import { FlexRender, useTable, type Row } from "@tanstack/react-table";
import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Asset } from "../../api/queries";
import { Skeleton } from "../../parts/Skeleton";
import { columns, features, leastWidth, tracks } from "./columns";

/** Height of head and rows in px; the style sheet says the same. */
const ROW = 36;
const FIRST_LOAD = 12;

interface Cell {
  row: number;
  column: number;
}

interface Props {
  /** The rows loaded so far, from the first on without a gap. */
  assets: Asset[];
  /** All rows there are; undefined while the first page is on its way. */
  total: number | undefined;
  /** Asks for the next page; called whenever rows are on screen that aren't loaded. */
  onNeedMore: () => void;
}

const skeletonWidth = (row: number, column: number) => `${45 + ((row * 7 + column * 13) % 40)}%`;

interface RowProps {
  index: number;
  /** Distance from the top of the body in px. */
  top: number;
  /** Undefined while it is on its way. */
  row: Row<typeof features, Asset> | undefined;
  /** The column that Tab stops at, in the row that has it. */
  stop: number | undefined;
  onFocus: (row: number, column: number) => void;
}

// Scrolling renders the grid anew for every step; rows that stay are left alone.
const AssetRow = memo(function AssetRow({ index, top, row, stop, onFocus }: RowProps) {
  const cells = row?.getAllCells();
  return (
    <div role="row" aria-rowindex={index + 2} className="grid-row" style={{ transform: `translateY(${top}px)` }}>
      {columns.map((column, position) => {
        const cell = cells?.[position];
        return (
          <div
            key={position}
            role="gridcell"
            aria-colindex={position + 1}
            tabIndex={position === stop ? 0 : -1}
            className="grid-cell"
            data-number={column.meta?.number}
            onFocus={() => onFocus(index, position)}
          >
            {cell === undefined ? <Skeleton width={skeletonWidth(index, position)} /> : <FlexRender cell={cell} />}
          </div>
        );
      })}
    </div>
  );
});

/** A virtualised ARIA grid with one focused cell, moved by the keys of the grid pattern. */
export function AssetGrid({ assets, total, onNeedMore }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Cell>({ row: 0, column: 0 });
  const [sideways, setSideways] = useState(false);
  const focusCell = useCallback((row: number, column: number) => setActive({ row, column }), []);
  const moved = useRef(false);

  const table = useTable({ features, columns, data: assets, getRowId: (asset) => asset.id });
  const rows = table.getRowModel().rows;
  const count = total ?? FIRST_LOAD;
  const here: Cell = { row: Math.min(active.row, Math.max(0, count - 1)), column: active.column };

  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 4,
    scrollMargin: ROW,
    // The focused cell stays in the document when it is scrolled away, and keeps the focus.
    rangeExtractor: (range: Range) => {
      const shown = defaultRangeExtractor(range);
      if (here.row >= count || shown.includes(here.row)) return shown;
      return [...shown, here.row].sort((a, b) => a - b);
    },
  });
  const items = virtualizer.getVirtualItems();

  const lastOnScreen = virtualizer.range?.endIndex ?? 0;
  const missing = total !== undefined && lastOnScreen >= rows.length && rows.length < total;
  useEffect(() => {
    if (missing) onNeedMore();
  }, [missing, onNeedMore, rows.length]);

  useLayoutEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    const box = scroller.current;
    const cell = box?.querySelector<HTMLElement>("[role=gridcell][tabindex='0']");
    if (box == null || cell == null) return;
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    // The first column is always in view, so coming into view does not scroll back to it.
    if (here.column === 0) box.scrollLeft = 0;
  }, [here.row, here.column]);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (count === 0 || event.altKey || event.metaKey) return;
    const end = { row: count - 1, column: columns.length - 1 };
    const page = Math.max(1, Math.floor((event.currentTarget.clientHeight - ROW) / ROW) - 1);
    const { row, column } = here;
    const all = event.ctrlKey;
    const moves: Record<string, Cell | undefined> = {
      ArrowUp: { row: all ? 0 : row - 1, column },
      ArrowDown: { row: all ? end.row : row + 1, column },
      ArrowLeft: { row, column: all ? 0 : column - 1 },
      ArrowRight: { row, column: all ? end.column : column + 1 },
      Home: { row: all ? 0 : row, column: 0 },
      End: { row: all ? end.row : row, column: end.column },
      PageUp: { row: row - page, column },
      PageDown: { row: row + page, column },
    };
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    moved.current = true;
    setActive({
      row: Math.min(Math.max(target.row, 0), end.row),
      column: Math.min(Math.max(target.column, 0), end.column),
    });
  };

  return (
    // Rows and cells carry the focus; an empty grid takes it itself, so that its head can be scrolled by keys.
    // eslint-disable-next-line jsx-a11y/interactive-supports-focus
    <div
      ref={scroller}
      className="grid"
      role="grid"
      aria-label="Assets"
      aria-rowcount={total === undefined ? -1 : total + 1}
      aria-colcount={columns.length}
      aria-busy={total === undefined}
      aria-readonly="true"
      tabIndex={count === 0 ? 0 : undefined}
      onKeyDown={onKeyDown}
      // The first column sticks only where it has to: WebKit draws each sticky cell as a layer of its own.
      data-sideways={sideways || undefined}
      onScroll={(event) => setSideways(event.currentTarget.scrollLeft > 0)}
      style={{ "--tracks": tracks, "--least": `${leastWidth}px` } as React.CSSProperties}
    >
      <div role="rowgroup" className="grid-head">
        {table.getHeaderGroups().map((group) => (
          <div key={group.id} role="row" aria-rowindex={1} className="grid-row">
            {group.headers.map((header, index) => (
              <div
                key={header.id}
                role="columnheader"
                aria-colindex={index + 1}
                aria-sort={header.column.columnDef.meta?.sorted === true ? "ascending" : undefined}
                className="grid-cell"
                data-number={header.column.columnDef.meta?.number}
              >
                <table.FlexRender header={header} />
              </div>
            ))}
          </div>
        ))}
      </div>
      <div role="rowgroup" className="grid-body" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          return (
            <AssetRow
              key={item.index}
              index={item.index}
              top={item.start - ROW}
              row={rows[item.index]}
              stop={here.row === item.index ? here.column : undefined}
              onFocus={focusCell}
            />
          );
        })}
      </div>
    </div>
  );
}
