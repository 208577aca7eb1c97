import { filterLabel, figure, label, NONE, NOT_RECORDED } from "../../words";
import { fieldOf, FIELDS, isFigure, isWords, type Field, type FieldName } from "./fields";

/** The filter for "anything recorded", and what leads one for text that contains something. */
const RECORDED = "*";
const CONTAINS = "~";

/** "asset_type" is "type" in addresses. */
const nameInAddress = (name: string): string => (name === "asset_type" ? "type" : name);

/** The same without some of its entries. */
export const without = <T extends object, K extends keyof T & string>(from: T, ...names: K[]): Omit<T, K> =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !names.some((one) => one === name))) as Omit<T, K>;

/** The page's address: filters by their names, search, order, and what is open. Everything is text. */
export type AssetSearch = Partial<Record<string, string>>;

/** What filters hold, by column, as the API reads it. */
export type Filters = Partial<Record<FieldName, string>>;

/** What is listed. */
export interface Listing {
  filters: Filters;
  q: string | undefined;
  sort: Sort;
}

export interface Sort {
  field: FieldName;
  descending: boolean;
}

export const FIRST_SORT: Sort = { field: "name", descending: false };

const OTHERS = ["q", "sort", "asset", "tab"] as const;

/** Keeps of an address what this page reads. */
export function readSearch(search: Record<string, unknown>): AssetSearch {
  const kept: AssetSearch = {};
  for (const name of [...FIELDS.map((field) => nameInAddress(field.name)), ...OTHERS]) {
    const value = search[name];
    if (typeof value === "string" && value !== "") kept[name] = value;
  }
  return kept;
}

export function listing(search: AssetSearch): Listing {
  const filters: Filters = {};
  for (const { name } of FIELDS) {
    const value = search[nameInAddress(name)];
    if (value !== undefined) filters[name] = value;
  }
  const text = search["sort"] ?? "name";
  const field = fieldOf(text.replace(/^-/, ""));
  return {
    filters,
    q: search["q"],
    sort: field === undefined ? FIRST_SORT : { field: field.name, descending: text.startsWith("-") },
  };
}

export const sortText = ({ field, descending }: Sort): string => `${descending ? "-" : ""}${field}`;

/** The address of a listing, without what is open. */
export function searchOf({ filters, q, sort }: Listing): AssetSearch {
  const search: AssetSearch = {};
  for (const [name, value] of Object.entries(filters)) search[nameInAddress(name)] = value;
  if (q !== undefined) search["q"] = q;
  if (sortText(sort) !== sortText(FIRST_SORT)) search["sort"] = sortText(sort);
  return search;
}

/** A search as text, as a saved view keeps it, and back. */
export const searchText = (search: AssetSearch): string =>
  new URLSearchParams(Object.entries(search).filter((pair): pair is [string, string] => pair[1] !== undefined)).toString();
export const fromSearchText = (text: string): AssetSearch => readSearch(Object.fromEntries(new URLSearchParams(text)));

export const isFiltered = ({ filters, q }: Pick<Listing, "filters" | "q">): boolean =>
  q !== undefined || Object.keys(filters).length > 0;

/** A value as a filter takes it literally: what it would read as a wish of its own is led by a backslash. */
const escaped = (value: string): string => {
  const text = value.replaceAll(/[\\,]/g, "\\$&");
  return value === NONE || value === RECORDED || value.startsWith(CONTAINS) ? `\\${text}` : text;
};

/** A filter for some values; null stands for nothing recorded. */
export const oneOf = (values: readonly (string | null)[]): string | undefined =>
  values.length === 0 ? undefined : values.map((value) => (value === null ? NONE : escaped(value))).join(",");

/** The values of such a filter. */
export function valuesOf(filter: string | undefined): (string | null)[] {
  if (filter === undefined || filter === RECORDED || filter.startsWith(CONTAINS)) return [];
  const values: (string | null)[] = [];
  let value = "";
  let plain = true;
  const take = () => {
    if (plain && value === NONE) values.push(null);
    else if (value !== "") values.push(value);
    value = "";
    plain = true;
  };
  for (let at = 0; at < filter.length; at += 1) {
    const character = filter.charAt(at);
    if (character === "\\") {
      at += 1;
      value += filter.charAt(at);
      plain = false;
    } else if (character === ",") take();
    else value += character;
  }
  take();
  return values;
}

/** What a filter asks, in words: "Server or Database", "4 to 8 GB", "contains “web”". */
export function filterWords(field: Field, filter: string): string {
  if (filter === NONE) return NOT_RECORDED;
  if (filter === RECORDED) return "Recorded";
  if (isFigure(field) || field.kind === "moment") {
    const [least, most] = filter.includes("..") ? filter.split("..") : [filter, filter];
    const shown = (end: string) => (isFigure(field) && !Number.isNaN(Number(end)) ? figure(Number(end)) : end);
    const unit = field.unit !== undefined && isFigure(field) ? ` ${field.unit}` : "";
    if (least === most) return `${shown(least ?? "")}${unit}`;
    if (most === undefined || most === "") return `from ${shown(least ?? "")}${unit}`;
    if (least === undefined || least === "") return `up to ${shown(most)}${unit}`;
    return `${shown(least)} to ${shown(most)}${unit}`;
  }
  if (filter.startsWith(CONTAINS)) return `contains “${filter.slice(1)}”`;
  return valuesOf(filter)
    .map((value) => (value === null ? NOT_RECORDED : isWords(field) ? filterLabel(value) : value))
    .join(" or ");
}

/** A cell as text: what is copied, and what a changed value is told as. */
export function cellText(field: Field, value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === "") return NOT_RECORDED;
  if (typeof value === "number") return figure(value);
  return isWords(field) ? label(value) : value;
}
