import { createColumnHelper, metaHelper, tableFeatures } from "@tanstack/react-table";
import type { Asset } from "../../api/queries";
import { figure, label, NOT_RECORDED } from "../../words";

interface ColumnMeta {
  /** Least width in px; 0 for the first column, whose width is a token. */
  width: number;
  /** Share of the room left over; none for figures. */
  grow: number;
  number?: boolean;
  sorted?: boolean;
}

export const features = tableFeatures({ columnMeta: metaHelper<ColumnMeta>() });

const Missing = () => (
  <span className="missing">
    <span aria-hidden="true">–</span>
    <span className="hidden">{NOT_RECORDED}</span>
  </span>
);

const words = (value: string | null | undefined) => (value == null || value === "" ? <Missing /> : label(value));
const plain = (value: string | null | undefined) =>
  value == null || value === "" ? <Missing /> : <span title={value}>{value}</span>;
const number = (value: number | null | undefined) => (value == null ? <Missing /> : figure(value));

const column = createColumnHelper<typeof features, Asset>();

/** The asset list's columns, in the order of the screen. */
export const columns = column.columns([
  column.accessor("name", {
    header: "Name",
    cell: ({ getValue }) => <span title={getValue()}>{getValue()}</span>,
    meta: { width: 0, grow: 0, sorted: true },
  }),
  column.accessor("asset_type", {
    header: "Type",
    cell: ({ getValue }) => words(getValue()),
    meta: { width: 156, grow: 1 },
  }),
  column.accessor("environment", {
    header: "Environment",
    cell: ({ getValue }) => words(getValue()),
    meta: { width: 148, grow: 1 },
  }),
  column.accessor("criticality", {
    header: "Criticality",
    cell: ({ getValue }) => words(getValue()),
    meta: { width: 104, grow: 1 },
  }),
  column.accessor("status", {
    header: "Status",
    cell: ({ getValue }) => words(getValue()),
    meta: { width: 96, grow: 1 },
  }),
  column.accessor("cpu_cores", {
    header: "CPU (cores)",
    cell: ({ getValue }) => number(getValue()),
    meta: { width: 100, grow: 0, number: true },
  }),
  column.accessor("memory_gb", {
    header: "Memory (GB)",
    cell: ({ getValue }) => number(getValue()),
    meta: { width: 108, grow: 0, number: true },
  }),
  column.accessor("storage_gb", {
    header: "Storage (GB)",
    cell: ({ getValue }) => number(getValue()),
    meta: { width: 108, grow: 0, number: true },
  }),
  column.accessor("operating_system", {
    header: "Operating system",
    cell: ({ getValue }) => plain(getValue()),
    meta: { width: 168, grow: 1.2 },
  }),
  column.accessor("ip_address", {
    header: "IP address",
    cell: ({ getValue }) => plain(getValue()),
    meta: { width: 120, grow: 1 },
  }),
  column.accessor("hostname", {
    header: "Host name",
    cell: ({ getValue }) => plain(getValue()),
    meta: { width: 216, grow: 1.6 },
  }),
  column.accessor("application_name", {
    header: "Application",
    cell: ({ getValue }) => plain(getValue()),
    meta: { width: 168, grow: 1.2 },
  }),
  column.accessor("department", {
    header: "Department",
    cell: ({ getValue }) => plain(getValue()),
    meta: { width: 120, grow: 1 },
  }),
  column.accessor("business_owner", {
    header: "Business owner",
    cell: ({ getValue }) => plain(getValue()),
    meta: { width: 136, grow: 1 },
  }),
  column.accessor("location", {
    header: "Location",
    cell: ({ getValue }) => plain(getValue()),
    meta: { width: 112, grow: 1 },
  }),
  column.accessor("six_r_strategy", {
    header: "6R decision",
    cell: ({ getValue }) => words(getValue()),
    meta: { width: 112, grow: 1 },
  }),
]);

const metas = columns.map((column) => column.meta ?? { width: 120, grow: 1 });

/** The columns as CSS grid tracks. */
export const tracks = metas
  .map(({ width, grow }) => {
    if (width === 0) return "var(--name-column)";
    return grow === 0 ? `${width}px` : `minmax(${width}px, ${grow}fr)`;
  })
  .join(" ");

/** What the columns need at least, in px, without the first. */
export const leastWidth = metas.reduce((sum, { width }) => sum + width, 0);
