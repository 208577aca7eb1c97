import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { fromThrown, type Problem } from "../api/problem";

/** What a text field of a form needs. */
export interface Bound {
  name: string;
  value: string;
  onText: (value: string) => void;
  problem: string | undefined;
}

interface Options<V> {
  /** What the fields hold at first. */
  initial: V;
  /** Sends the values. A `Problem` it throws is shown at the fields it names, and above them for the rest. */
  send: (values: V) => Promise<void>;
  /** The path of a field in the request's body, where it isn't "/" and the field's name. */
  paths?: Partial<Record<keyof V & string, string>>;
}

/**
 * The state of one form: values, what is wrong with which of them, one request at a time. What was typed stays
 * until it is sent, whatever goes wrong.
 */
export function useForm<V extends Record<string, unknown>>({ initial, send, paths = {} }: Options<V>) {
  const [values, setValues] = useState(initial);
  const [start, setStart] = useState(initial);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  // State reaches the next render only; a double click comes sooner.
  const sending = useRef(false);

  // The first field that is wrong is where one goes on.
  useEffect(() => {
    if (problem === undefined) return;
    const form = document.querySelector("[role=dialog]") ?? document;
    form.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [problem]);

  const names = Object.keys(values);
  const pathOf = (name: string) => (paths as Record<string, string | undefined>)[name] ?? `/${name}`;
  const wrong = (name: string) => {
    const path = pathOf(name);
    return problem?.fields.find((field) => field.path === path || field.path.startsWith(`${path}/`))?.message;
  };
  const set = <K extends keyof V>(name: K, value: V[K]) => setValues((before) => ({ ...before, [name]: value }));

  const submit = async (event?: SubmitEvent) => {
    event?.preventDefault();
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await send(values);
      setStart(values);
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    } finally {
      sending.current = false;
      setBusy(false);
    }
  };

  return {
    values,
    set,
    /** Binds a text field to the value of that name. */
    field: (name: keyof V & string): Bound => ({
      name,
      value: String(values[name] ?? ""),
      onText: (text) => set(name, text as V[typeof name]),
      problem: wrong(name),
    }),
    /** What is wrong with one field. */
    wrong,
    /** A problem that belongs to no field of the form. */
    problem: problem !== undefined && names.every((name) => wrong(name) === undefined) ? problem : undefined,
    busy,
    /** Whether something is filled in that has not been sent. */
    dirty: JSON.stringify(values) !== JSON.stringify(start),
    submit: (event?: SubmitEvent) => void submit(event),
    /** Goes back to `next`, or to the beginning. */
    reset: (next = start) => {
      setStart(next);
      setValues(next);
      setProblem(undefined);
    },
  };
}
