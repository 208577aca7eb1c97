/** Shown where the database holds no value. */
export const NOT_RECORDED = "Not recorded";

/** The filter value that stands for "not recorded" in URLs and requests. */
export const NONE = "none";

const SPECIAL: ReadonlyMap<string, string> = new Map([
  ["dr", "Disaster recovery"],
  ["external", "External service"],
  ["read_write", "Read and write"],
]);

/** Reads a stored value such as `network_device` as words: "Network device". */
export function label(value: string | null | undefined): string {
  if (value === null || value === undefined || value === "") return NOT_RECORDED;
  const special = SPECIAL.get(value);
  if (special !== undefined) return special;
  const words = value.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Reads a filter value of the URL as words. */
export const filterLabel = (value: string): string => (value === NONE ? NOT_RECORDED : label(value));

const figures = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A number with thousands separators and at most one decimal. */
export const figure = (value: number): string => figures.format(value);

/** A count with its noun: "1 asset", "38 assets". */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${figure(count)} ${count === 1 ? one : many}`;

/** Milliseconds as people read them: "< 0.1 ms", "0.4 ms", "18 ms", "1.24 s". */
export function duration(ms: number): string {
  if (ms < 0.05) return "< 0.1 ms";
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** A calendar day; the input's own day is kept, whatever zone the reader sits in. */
export function day(value: string | null | undefined): string {
  if (value === null || value === undefined) return NOT_RECORDED;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : days.format(date);
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** A size as people read it: "1 byte", "640 bytes", "8.4 MB". */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.95 would be shown as 1,000.
  while (value >= (unit === 0 ? 1000 : 999.95) && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? counted(value, "byte") : `${figure(value)} ${UNITS[unit] ?? ""}`;
}

const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const exactMoments = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

/** A moment on the reader's clock: "4 Oct 2026, 14:03". */
export const moment = (value: string): string => moments.format(new Date(value));

/** The same with weekday, seconds and zone. */
export const exactMoment = (value: string): string => exactMoments.format(new Date(value));

/** A field of an answer as a form holds it: text as it is, nothing as empty. */
export const asText = (value: unknown): string => (typeof value === "string" ? value : "");
