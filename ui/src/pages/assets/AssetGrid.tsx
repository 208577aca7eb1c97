import { memo, useCallback, useLayoutEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type MouseEvent } from "react";
import type { Asset } from "../../api/queries";
import { Icon } from "../../parts/Icon";
import { Skeleton } from "../../parts/Skeleton";
import type { Sort } from "./address";
import { Cell } from "./Cell";
import { CellEditor } from "./CellEditor";
import type { CellValue } from "./data";
import { isFigure, title, type Field, type FieldName } from "./fields";
import { useScroll } from "./useScroll";
import "./grid.css";

export type Density = "comfortable" | "compact";

/** Heights of head and rows in px; the style sheet says the same. */
export const ROW: Record<Density, number> = { comfortable: 36, compact: 28 };
const HEAD = 36;
const FIRST_LOAD = 12;
const LEAST_WIDTH = 64;
const MOST_WIDTH = 800;
const STEP = 16;

interface Spot {
  /** -1 is the head. */
  row: number;
  column: number;
}

export interface GridSelection {
  has: (asset: Asset) => boolean;
  toggle: (index: number, asset: Asset) => void;
  /** Selects from the last toggled row to this one. */
  extend: (index: number) => void;
  all: () => void;
  none: () => void;
  /** Every row of the listing, some, or none. */
  state: "all" | "some" | "none";
}

interface Props {
  columns: readonly Field[];
  widths: Partial<Record<string, number>>;
  density: Density;
  sort: Sort;
  /** All rows there are; undefined while that is not known. */
  total: number | undefined;
  at: (index: number) => Asset | undefined;
  selection: GridSelection;
  /** Whether cells may be changed. */
  editable: boolean;
  onRange: (first: number, last: number) => void;
  onSort: (field: FieldName) => void;
  onWidth: (field: FieldName, width: number) => void;
  onOpen: (asset: Asset) => void;
  onEdit: (asset: Asset, field: Field, value: CellValue) => void;
  /** Ctrl C: the focused cell, or what is selected. */
  onCopy: (cell: { asset: Asset; field: Field } | undefined) => void;
}

const skeletonWidth = (row: number, column: number) => `${45 + ((row * 7 + column * 13) % 40)}%`;

interface RowProps {
  index: number;
  top: number;
  asset: Asset | undefined;
  columns: readonly Field[];
  selected: boolean;
  /** The column that Tab stops at, in the row that has it; 0 is the one of the check marks. */
  stop: number | undefined;
  /** The column that is being changed. */
  editing: number | undefined;
  onFocus: (row: number, column: number) => void;
  onClick: (event: MouseEvent, row: number, column: number) => void;
  onSave: (row: number, column: number, value: CellValue, onward: boolean) => void;
  onCancel: () => void;
}

// Scrolling draws the grid anew at every step; rows that stay are left alone.
const AssetRow = memo(function AssetRow(props: RowProps) {
  const { index, top, asset, columns, selected, stop, editing, onFocus, onClick, onSave, onCancel } = props;
  const cell = (column: number) => ({
    role: "gridcell",
    "aria-colindex": column + 1,
    tabIndex: column === stop ? 0 : -1,
    onFocus: () => onFocus(index, column),
  });
  return (
    // The keys are the grid's; a click does what they do.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      className="grid-row"
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => {
        const column = event.target instanceof Element ? event.target.closest("[aria-colindex]")?.getAttribute("aria-colindex") : null;
        if (column != null) onClick(event, index, Number(column) - 1);
      }}
      onDoubleClick={(event) => {
        const column = event.target instanceof Element ? event.target.closest("[aria-colindex]")?.getAttribute("aria-colindex") : null;
        if (column != null) onClick(event, index, Number(column) - 1);
      }}
    >
      <div {...cell(0)} className="grid-cell grid-check" aria-label={selected ? "Selected" : "Not selected"}>
        <span className="check-mark" data-on={selected || undefined} aria-hidden="true">
          {selected && <Icon name="check" />}
        </span>
      </div>
      {columns.map((field, position) => (
        <div key={field.name} {...cell(position + 1)} className="grid-cell" data-number={isFigure(field) || undefined}>
          {asset === undefined ? (
            <Skeleton width={skeletonWidth(index, position)} />
          ) : editing === position + 1 ? (
            <CellEditor
              field={field}
              value={asset[field.name]}
              onSave={(value, onward) => onSave(index, position + 1, value, onward)}
              onCancel={onCancel}
            />
          ) : (
            <Cell field={field} asset={asset} />
          )}
        </div>
      ))}
    </div>
  );
});

/** A virtualised ARIA grid: one tab stop, moved by the keys of the grid pattern; sorted by its heads; rows selected, cells changed and copied. */
export function AssetGrid(props: Props) {
  const { columns, widths, density, sort, total, at, selection, editable, onRange, onSort, onWidth, onOpen, onEdit, onCopy } = props;
  const [active, setActive] = useState<Spot>({ row: 0, column: 1 });
  const [editing, setEditing] = useState(false);
  const [sideways, setSideways] = useState(false);
  const moved = useRef(false);
  const row = ROW[density];
  const count = total ?? FIRST_LOAD;
  const scroll = useScroll(count, row, HEAD);
  const { scroller, first, last, show, toFirstColumn } = scroll;
  const here: Spot = {
    row: Math.min(active.row, count - 1),
    column: Math.min(active.column, columns.length),
  };

  useLayoutEffect(() => onRange(first, last), [first, last, onRange]);

  const shown: number[] = [];
  for (let index = first; index <= last; index += 1) shown.push(index);
  // The focused cell stays in the document when it is scrolled away, and keeps the focus.
  if (here.row >= 0 && (here.row < first || here.row > last)) shown.push(here.row);

  useLayoutEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    const box = scroller.current;
    const cell = box?.querySelector<HTMLElement>("[tabindex='0']");
    if (box == null || cell == null) return;
    cell.focus({ preventScroll: true });
    if (here.column <= 1) toFirstColumn();
    else cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [scroller, toFirstColumn, here.row, here.column, editing]);

  const move = useCallback(
    (spot: Spot) => {
      moved.current = true;
      if (spot.row >= 0) show(spot.row);
      setEditing(false);
      setActive(spot);
    },
    [show],
  );

  const canEdit = (column: number) => editable && columns[column - 1]?.edit === true;
  const begin = (spot: Spot) => {
    if (at(spot.row) === undefined || !canEdit(spot.column)) return false;
    setActive(spot);
    setEditing(true);
    return true;
  };

  const onClick = (event: MouseEvent, index: number, column: number) => {
    const asset = at(index);
    if (asset === undefined || (event.target instanceof Element && event.target.closest(".cell-editor") !== null)) return;
    if (event.type === "dblclick") {
      if (!begin({ row: index, column }) && column > 0) onOpen(asset);
    } else if (event.shiftKey) selection.extend(index);
    else if (column === 0 || event.ctrlKey || event.metaKey) selection.toggle(index, asset);
    else if (column === 1 && event.target instanceof Element && event.target.closest(".grid-cell > span") !== null) onOpen(asset);
  };
  const click = useRef(onClick);
  const save = useRef<RowProps["onSave"]>(() => undefined);
  useLayoutEffect(() => {
    click.current = onClick;
    save.current = (index, column, value, onward) => {
      const [asset, field] = [at(index), columns[column - 1]];
      if (asset !== undefined && field !== undefined) onEdit(asset, field, value);
      move({ row: index, column: onward ? Math.min(column + 1, columns.length) : column });
    };
  });
  const stableClick = useCallback((event: MouseEvent, index: number, column: number) => click.current(event, index, column), []);
  const stableSave = useCallback<RowProps["onSave"]>((...given) => save.current(...given), []);
  const stableFocus = useCallback((index: number, column: number) => setActive({ row: index, column }), []);
  const stableCancel = useCallback(() => {
    moved.current = true;
    setEditing(false);
  }, []);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.altKey) return;
    const all = event.ctrlKey || event.metaKey;
    const end = { row: count - 1, column: columns.length };
    const asset = here.row >= 0 ? at(here.row) : undefined;
    const field = columns[here.column - 1];
    const { row: index, column } = here;

    const does = (): boolean => {
      if (index < 0) {
        if (event.key === "Enter" || event.key === " ") {
          if (column === 0) {
            if (selection.state === "all") selection.none();
            else selection.all();
          } else if (field !== undefined) onSort(field.name);
          return true;
        }
        // With Shift the arrows widen and narrow the column.
        if (event.shiftKey && field !== undefined && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
          resize(field, (widths[field.name] ?? field.width) + (event.key === "ArrowRight" ? STEP : -STEP));
          return true;
        }
      } else {
        if (event.key === " ") {
          if (asset === undefined) return true;
          if (event.shiftKey) selection.extend(index);
          else selection.toggle(index, asset);
          return true;
        }
        if (event.key === "Enter") {
          if (asset === undefined) return true;
          if (column <= 1 || !begin(here)) onOpen(asset);
          return true;
        }
        if (event.key === "F2") return begin(here);
        if (event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
          const next = Math.min(Math.max(index + (event.key === "ArrowDown" ? 1 : -1), 0), end.row);
          if (asset !== undefined && selection.state === "none") selection.toggle(index, asset);
          selection.extend(next);
          move({ row: next, column });
          return true;
        }
      }
      if (all && event.key.toLowerCase() === "a") {
        selection.all();
        return true;
      }
      if (all && event.key.toLowerCase() === "c") {
        onCopy(asset !== undefined && field !== undefined ? { asset, field } : undefined);
        return true;
      }
      if (event.key === "Escape" && selection.state !== "none") {
        selection.none();
        return true;
      }
      return false;
    };
    if (does()) {
      event.preventDefault();
      return;
    }
    const moves: Record<string, Spot | undefined> = {
      ArrowUp: { row: all ? 0 : index - 1, column },
      ArrowDown: { row: all ? end.row : index + 1, column },
      ArrowLeft: { row: index, column: all ? 0 : column - 1 },
      ArrowRight: { row: index, column: all ? end.column : column + 1 },
      Home: { row: all ? 0 : index, column: 0 },
      End: { row: all ? end.row : index, column: end.column },
      PageUp: { row: index < 0 ? index : Math.max(0, index - scroll.page), column },
      PageDown: { row: Math.max(0, index) + scroll.page, column },
    };
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    move({
      row: Math.min(Math.max(target.row, -1), end.row),
      column: Math.min(Math.max(target.column, 0), end.column),
    });
  };

  const resize = (field: Field, width: number) => onWidth(field.name, Math.round(Math.min(Math.max(width, LEAST_WIDTH), MOST_WIDTH)));
  const drag = (event: React.PointerEvent<HTMLSpanElement>, field: Field) => {
    event.preventDefault();
    event.stopPropagation();
    const handle = event.currentTarget;
    const from = event.clientX - (widths[field.name] ?? field.width);
    handle.setPointerCapture(event.pointerId);
    const onMove = (now: PointerEvent) => resize(field, now.clientX - from);
    const onUp = () => {
      handle.removeEventListener("pointermove", onMove);
      handle.removeEventListener("pointerup", onUp);
      handle.removeEventListener("pointercancel", onUp);
    };
    handle.addEventListener("pointermove", onMove);
    handle.addEventListener("pointerup", onUp);
    handle.addEventListener("pointercancel", onUp);
  };

  // The names get what the page can spare until somebody sets their width.
  const width = (field: Field) => {
    const set = widths[field.name];
    return set === undefined && field.name === "name" ? "var(--name-column)" : `${set ?? field.width}px`;
  };
  const tracks = ["36px", ...columns.map(width)];
  // What is left over goes to the last column, whose cells end with the frame.
  const style = { "--tracks": [...tracks.slice(0, -1), `minmax(${tracks.at(-1) ?? "0"}, 1fr)`].join(" "), "--least": `calc(${tracks.join(" + ")})` } as CSSProperties;
  const headCell = (column: number) => ({
    role: "columnheader",
    "aria-colindex": column + 1,
    tabIndex: here.row < 0 && here.column === column ? 0 : -1,
    onFocus: () => setActive({ row: -1, column }),
  });

  return (
    // Rows and cells carry the focus; an empty grid takes it itself, so that its head can be scrolled by keys.
    // eslint-disable-next-line jsx-a11y/interactive-supports-focus
    <div
      ref={scroller}
      className="grid"
      role="grid"
      aria-label="Assets"
      aria-rowcount={total === undefined ? -1 : total + 1}
      aria-colcount={columns.length + 1}
      aria-busy={total === undefined}
      aria-multiselectable="true"
      aria-readonly={!editable}
      data-density={density}
      tabIndex={count === 0 && here.row >= 0 ? 0 : undefined}
      onKeyDown={onKeyDown}
      // The first columns stick only where they have to: WebKit draws each sticky cell as a layer of its own.
      data-sideways={sideways || undefined}
      onScroll={(event) => {
        setSideways(event.currentTarget.scrollLeft > 0);
        scroll.onScroll();
      }}
      style={style}
    >
      <div role="rowgroup" className="grid-head">
        <div role="row" aria-rowindex={1} className="grid-row">
          {/* Enter and Space are the grid's. */}
          {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
          <div
            {...headCell(0)}
            className="grid-cell grid-check"
            onClick={() => (selection.state === "all" ? selection.none() : selection.all())}
          >
            <span className="hidden">Selection of all rows</span>
            <span className="check-mark" data-on={selection.state !== "none" || undefined} aria-hidden="true">
              {selection.state === "all" ? <Icon name="check" /> : selection.state === "some" ? "–" : null}
            </span>
          </div>
          {columns.map((field, position) => {
            const sorted = sort.field === field.name;
            return (
              // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
              <div
                key={field.name}
                {...headCell(position + 1)}
                aria-sort={sorted ? (sort.descending ? "descending" : "ascending") : undefined}
                className="grid-cell"
                data-number={isFigure(field) || undefined}
                onClick={() => onSort(field.name)}
              >
                <span className="grid-title">{title(field)}</span>
                {sorted && (
                  <span className="grid-arrow" aria-hidden="true">
                    {sort.descending ? "↓" : "↑"}
                  </span>
                )}
                {/* By keys: Shift with the arrows. */}
                { }
                <span
                  className="grid-handle"
                  aria-hidden="true"
                  onPointerDown={(event) => drag(event, field)}
                  onClick={(event) => event.stopPropagation()}
                  onDoubleClick={() => resize(field, field.width)}
                />
              </div>
            );
          })}
        </div>
      </div>
      {count > 0 && (
        <div role="rowgroup" className="grid-body" style={{ height: scroll.box }}>
          {shown.map((index) => {
            const asset = at(index);
            const stops = here.row === index;
            return (
              <AssetRow
                key={index}
                index={index}
                top={scroll.top(index)}
                asset={asset}
                columns={columns}
                selected={asset !== undefined && selection.has(asset)}
                stop={stops ? here.column : undefined}
                editing={stops && editing ? here.column : undefined}
                onFocus={stableFocus}
                onClick={stableClick}
                onSave={stableSave}
                onCancel={stableCancel}
              />
            );
          })}
        </div>
      )}
    </div>
  );
}
