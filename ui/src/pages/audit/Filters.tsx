import { useEffect, useRef, useState } from "react";
import type { AuditFilter } from "../../api/audit";
import { Button } from "../../parts/Button";
import { SelectField, TextField } from "../../parts/Field";

const PAUSE_MS = 250;
const OUTCOMES = [
  { value: "", label: "Any result" },
  { value: "success", label: "Done" },
  { value: "denied", label: "Refused" },
  { value: "error", label: "Failed" },
];

interface Props {
  filter: AuditFilter;
  events: readonly { event: string; title: string }[];
  onFilter: (filter: AuditFilter) => void;
}

/** Text that is told a moment after one has stopped typing; follows the URL where that changes by itself. */
function useTyped(value: string | undefined, tell: (value: string | undefined) => void) {
  const [text, setText] = useState(value ?? "");
  const told = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (told.current === value) return;
    told.current = value;
    setText(value ?? "");
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const wanted = next.trim() === "" ? undefined : next.trim();
      if (wanted === told.current) return;
      told.current = wanted;
      tell(wanted);
    }, PAUSE_MS);
  };
  return [text, type] as const;
}

/** What of the log is shown. Everything is in the URL. */
export function Filters({ filter, events, onFilter }: Props) {
  const latest = useRef(filter);
  useEffect(() => {
    latest.current = filter;
  });
  const set = (change: AuditFilter) => onFilter({ ...latest.current, ...change });
  const [q, typeQ] = useTyped(filter.q, (value) => set({ q: value }));
  const [who, typeWho] = useTyped(filter.who, (value) => set({ who: value }));
  const known = events.some(({ event }) => event === filter.event);
  const options = [
    { value: "", label: "Any event" },
    ...events.map(({ event, title }) => ({ value: event, label: title })),
    // A value of the URL that is a noun, or that nobody knows, is still what is chosen.
    ...(filter.event !== undefined && !known ? [{ value: filter.event, label: filter.event }] : []),
  ];
  const choose = (name: keyof AuditFilter) => (value: string) => set({ [name]: value === "" ? undefined : value });
  const any = Object.values(filter).some((value) => value !== undefined);

  return (
    <form className="audit-filters" role="search" aria-label="Filter the log" onSubmit={(event) => event.preventDefault()}>
      <TextField label="Search" type="search" placeholder="Text, path, request" autoComplete="off" value={q} onText={typeQ} />
      <TextField label="Who" type="search" placeholder="Part of an address" autoComplete="off" value={who} onText={typeWho} />
      <SelectField label="Event" options={options} value={filter.event ?? ""} onText={choose("event")} />
      <SelectField label="Result" options={OUTCOMES} value={filter.outcome ?? ""} onText={choose("outcome")} />
      <TextField label="From" type="date" value={filter.from ?? ""} onText={choose("from")} {...(filter.to !== undefined && { max: filter.to })} />
      <TextField label="To" type="date" value={filter.to ?? ""} onText={choose("to")} {...(filter.from !== undefined && { min: filter.from })} />
      {any && (
        <Button look="quiet" className="audit-clear" onClick={() => onFilter({})}>
          Clear filters
        </Button>
      )}
    </form>
  );
}
