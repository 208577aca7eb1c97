import { Popover } from "radix-ui";
import { useRef } from "react";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { FIELDS, FIRST_COLUMNS, fieldOf, title, type Field } from "./fields";
import type { Layout } from "./useLayout";

interface Props {
  layout: Layout;
  onChange: (change: (before: Layout) => Layout) => void;
}

/** Which columns are shown, in which order, and how dense the rows are. Alt with the arrows moves a column. */
export function ColumnChooser({ layout, onChange }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const hidden = FIELDS.filter((field) => !layout.columns.includes(field));

  const set = (columns: readonly Field[]) => onChange((before) => ({ ...before, columns }));
  const shift = (field: Field, by: number) => {
    const columns = [...layout.columns];
    const from = columns.indexOf(field);
    const to = Math.min(Math.max(from + by, 0), columns.length - 1);
    columns.splice(from, 1);
    columns.splice(to, 0, field);
    set(columns);
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-column="${field.name}"] input`)?.focus());
  };

  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button className="filter">
          Columns
          <Icon name="chevron" />
        </Button>
      </Popover.Trigger>
      <Popover.Content className="pop filter-pop columns-pop" align="end" sideOffset={4} collisionPadding={8} aria-label="Columns">
        <div className="filter-ends" role="group" aria-label="Density">
          {(["comfortable", "compact"] as const).map((density) => (
            <Button
              key={density}
              look="quiet"
              aria-pressed={layout.density === density}
              onClick={() => onChange((before) => ({ ...before, density }))}
            >
              {density === "compact" ? "Compact" : "Comfortable"}
            </Button>
          ))}
        </div>
        <ul ref={list} className="column-list" aria-label="Shown columns">
          {layout.columns.map((field, position) => (
            <li key={field.name} data-column={field.name} className="filter-value">
              <label>
                <input
                  type="checkbox"
                  checked
                  // Without its name a row can't be told from others.
                  disabled={field.name === "name"}
                  onChange={() => set(layout.columns.filter((one) => one !== field))}
                  onKeyDown={(event) => {
                    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
                    event.preventDefault();
                    shift(field, event.key === "ArrowUp" ? -1 : 1);
                  }}
                />
                {title(field)}
              </label>
              <Button look="quiet" className="button-icon" aria-label={`Move ${field.label} up`} aria-disabled={position === 0 || undefined} onClick={() => shift(field, -1)}>
                ↑
              </Button>
              <Button
                look="quiet"
                className="button-icon"
                aria-label={`Move ${field.label} down`}
                aria-disabled={position === layout.columns.length - 1 || undefined}
                onClick={() => shift(field, 1)}
              >
                ↓
              </Button>
            </li>
          ))}
        </ul>
        {hidden.length > 0 && (
          <ul className="column-list" aria-label="Other columns">
            {hidden.map((field) => (
              <li key={field.name} className="filter-value">
                <label>
                  <input type="checkbox" checked={false} onChange={() => set([...layout.columns, field])} />
                  {title(field)}
                </label>
              </li>
            ))}
          </ul>
        )}
        <Button
          look="quiet"
          onClick={() =>
            onChange(() => ({
              columns: FIRST_COLUMNS.map(fieldOf).filter((field) => field !== undefined),
              widths: {},
              density: "comfortable",
            }))
          }
        >
          As at first
        </Button>
      </Popover.Content>
    </Popover.Root>
  );
}
