import { useQuery } from "@tanstack/react-query";
import { Popover } from "radix-ui";
import { useEffect, useId, useRef, useState, type SubmitEvent } from "react";
import type { Place } from "../../api/queries";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Skeleton } from "../../parts/Skeleton";
import { figure, label, NONE, NOT_RECORDED } from "../../words";
import { filterWords, isFiltered, oneOf, valuesOf, type Listing } from "./address";
import { valuesQuery } from "./data";
import { fieldOf, FIELDS, isFigure, isWords, title, type Field, type FieldName } from "./fields";

const PAUSE_MS = 250;
/** Those that stand beside the search; of the others one chooses. */
const FIRST: readonly FieldName[] = ["asset_type", "environment", "criticality", "status"];

type Set = (name: FieldName, value: string | undefined) => void;

/** What assets are searched for; follows the typing after a pause. */
export function SearchBox({ value, onSearch }: { value: string | undefined; onSearch: (q: string | undefined) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(value);

  // Follows the address, except where the address follows the typing.
  useEffect(() => {
    if (sent.current === value || input.current === null) return;
    sent.current = value;
    input.current.value = value ?? "";
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = () => {
    clearTimeout(timer.current);
    const text = input.current?.value.trim() ?? "";
    const q = text === "" ? undefined : text;
    if (q === sent.current) return;
    sent.current = q;
    onSearch(q);
  };

  return (
    <div className="search" role="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label="Search assets"
        placeholder="Search assets"
        title="Words in name, host name, address, application, system, place or owners; “in quotation marks” they stand together"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        defaultValue={value}
        onChange={() => {
          clearTimeout(timer.current);
          timer.current = setTimeout(search, PAUSE_MS);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") search();
        }}
      />
    </div>
  );
}

interface FilterProps {
  place: Place;
  listing: Listing;
  field: Field;
  onSet: Set;
}

/** The values there are, to choose several from. */
function ValueFilter({ place, listing, field, onSet }: FilterProps) {
  const { data, isError } = useQuery(valuesQuery(place, listing, field.name));
  const chosen = valuesOf(listing.filters[field.name]);
  // A value of the address that no asset has is still what is chosen.
  const options = [...(data ?? []), ...chosen.filter((value) => data?.every((one) => one.value !== value)).map((value) => ({ value, count: 0 }))];
  const toggle = (value: string | null) =>
    onSet(field.name, oneOf(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]));
  return (
    <fieldset className="filter-values">
      <legend className="hidden">{field.label}</legend>
      {data === undefined && !isError && [0, 1, 2].map((row) => <Skeleton key={row} width="8rem" />)}
      {isError && <p>The values could not be read.</p>}
      {options.map(({ value = null, count }) => (
        <label key={value ?? NONE} className="filter-value">
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
          <span className="menu-label">{value === null ? NOT_RECORDED : isWords(field) ? label(value) : value}</span>
          <span className="menu-note">{figure(count)}</span>
        </label>
      ))}
      {data?.length === 0 && <p className="quiet">No value among these assets.</p>}
    </fieldset>
  );
}

/** Text that is contained. */
function TextFilter({ listing, field, onSet }: FilterProps) {
  const id = useId();
  const now = listing.filters[field.name];
  const [text, setText] = useState(now?.startsWith("~") === true ? now.slice(1) : "");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSet(field.name, text.trim() === "" ? undefined : `~${text.trim()}`);
  };
  return (
    <form className="filter-form" onSubmit={submit}>
      <label htmlFor={id}>Contains</label>
      <div className="filter-ends">
        <input id={id} value={text} maxLength={200} autoComplete="off" spellCheck={false} onChange={(event) => setText(event.target.value)} />
        <Button type="submit">Apply</Button>
      </div>
    </form>
  );
}

/** From and to, either of which may be left out. */
function RangeFilter({ listing, field, onSet }: FilterProps) {
  const id = useId();
  const now = listing.filters[field.name] ?? "";
  const ends = /[0-9]/.test(now) ? (now.includes("..") ? now.split("..") : [now, now]) : ["", ""];
  const [least, setLeast] = useState(ends[0] ?? "");
  const [most, setMost] = useState(ends[1] ?? "");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const [from, to] = [least.trim(), most.trim()];
    onSet(field.name, from === "" && to === "" ? undefined : from === to ? from : `${from}..${to}`);
  };
  const kind = field.kind === "moment" ? { type: "date" } : { type: "number", min: 0, step: field.kind === "whole" ? 1 : "any" };
  return (
    <form className="filter-form" onSubmit={submit}>
      <div className="filter-ends">
        <div>
          <label htmlFor={`${id}-least`}>From</label>
          <input id={`${id}-least`} {...kind} value={least} onChange={(event) => setLeast(event.target.value)} />
        </div>
        <div>
          <label htmlFor={`${id}-most`}>To</label>
          <input id={`${id}-most`} {...kind} value={most} onChange={(event) => setMost(event.target.value)} />
        </div>
        <Button type="submit">Apply</Button>
      </div>
    </form>
  );
}

function Filter(props: FilterProps) {
  const { field, listing, onSet } = props;
  const now = listing.filters[field.name];
  const ranged = isFigure(field) || field.kind === "moment";
  return (
    <div className="filter-body">
      {ranged && <RangeFilter key={now} {...props} />}
      {field.kind === "text" && <TextFilter key={now} {...props} />}
      {!ranged && field.name !== "description" && <ValueFilter {...props} />}
      {ranged && field.required !== true && (
        <div className="filter-ends">
          <Button look="quiet" aria-pressed={now === NONE} onClick={() => onSet(field.name, now === NONE ? undefined : NONE)}>
            Not recorded
          </Button>
          <Button look="quiet" aria-pressed={now === "*"} onClick={() => onSet(field.name, now === "*" ? undefined : "*")}>
            Recorded
          </Button>
        </div>
      )}
      {now !== undefined && (
        <Button look="quiet" onClick={() => onSet(field.name, undefined)}>
          Remove this filter
        </Button>
      )}
    </div>
  );
}

function FilterButton(props: FilterProps) {
  const { field, listing } = props;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button className="filter" data-set={listing.filters[field.name] !== undefined || undefined}>
          {field.label}
          <Icon name="chevron" />
        </Button>
      </Popover.Trigger>
      <Popover.Content className="pop filter-pop" align="start" sideOffset={4} collisionPadding={8} aria-label={`Filter by ${field.label.toLowerCase()}`}>
        <Filter {...props} />
      </Popover.Content>
    </Popover.Root>
  );
}

/** Any other column. */
function MoreFilters({ place, listing, onSet }: Omit<FilterProps, "field">) {
  const [name, setName] = useState<FieldName>("name");
  const id = useId();
  const field = fieldOf(name);
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button className="filter" data-set={Object.keys(listing.filters).some((one) => !FIRST.includes(one as FieldName)) || undefined}>
          More filters
          <Icon name="chevron" />
        </Button>
      </Popover.Trigger>
      <Popover.Content className="pop filter-pop" align="start" sideOffset={4} collisionPadding={8} aria-label="More filters">
        <label htmlFor={id}>Column</label>
        <select id={id} value={name} onChange={(event) => setName(event.target.value as FieldName)}>
          {FIELDS.filter((one) => !FIRST.includes(one.name)).map((one) => (
            <option key={one.name} value={one.name}>
              {title(one)}
            </option>
          ))}
        </select>
        {field !== undefined && <Filter key={name} place={place} listing={listing} field={field} onSet={onSet} />}
      </Popover.Content>
    </Popover.Root>
  );
}

export function Filters(props: Omit<FilterProps, "field">) {
  return (
    <>
      {FIRST.map((name) => {
        const field = fieldOf(name);
        return field === undefined ? null : <FilterButton key={name} {...props} field={field} />;
      })}
      <MoreFilters {...props} />
    </>
  );
}

function Chip({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <li className="chip">
      <span>
        {name}: <strong>{value}</strong>
      </span>
      <button type="button" aria-label={`Remove the filter ${name}: ${value}`} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </li>
  );
}

interface ChipsProps {
  listing: Listing;
  onSet: Set;
  onSearch: (q: string | undefined) => void;
  onClear: () => void;
}

/** What is filtered by, each with a way to take it away. */
export function Chips({ listing, onSet, onSearch, onClear }: ChipsProps) {
  if (!isFiltered(listing)) return null;
  return (
    <ul className="chips" aria-label="Filters">
      {FIELDS.map((field) => {
        const filter = listing.filters[field.name];
        if (filter === undefined) return null;
        return <Chip key={field.name} name={field.label} value={filterWords(field, filter)} onRemove={() => onSet(field.name, undefined)} />;
      })}
      {listing.q !== undefined && <Chip name="Search" value={listing.q} onRemove={() => onSearch(undefined)} />}
      <li>
        <Button look="quiet" onClick={onClear}>
          Clear filters
        </Button>
      </li>
    </ul>
  );
}
