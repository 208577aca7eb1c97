import type { Asset } from "../../api/queries";

export type FieldName = Exclude<keyof Asset, "id" | "version">;

/** What a field holds, and so how it is filtered and changed. */
export type Kind = "text" | "word" | "choice" | "whole" | "number" | "moment";

export interface Field {
  name: FieldName;
  label: string;
  kind: Kind;
  /** Stands in the head and behind the label, never in the cells. */
  unit?: string;
  /** Width in px at first. */
  width: number;
  /** Under which heading the detail shows it. */
  group: (typeof GROUPS)[number];
  /** Whether people write it. */
  edit?: true;
  /** Whether something always stands in it. */
  required?: true;
  /** The values of a choice. */
  values?: readonly string[];
  /** Each asset's own: never set for several at once. */
  own?: true;
}

export const GROUPS = ["Identity", "Classification", "Size and use", "Platform", "Place", "People", "Migration", "Quality", "Record"] as const;

const LEVELS = ["low", "medium", "high", "critical"] as const;
const STRATEGIES = ["rehost", "replatform", "refactor", "rearchitect", "replace", "retire", "retain"] as const;

/** Every column of an asset, in the order of the column list. The API has the same ones; a test compares. */
export const FIELDS: readonly Field[] = [
  { name: "name", label: "Name", kind: "text", width: 220, group: "Identity", edit: true, required: true, own: true },
  { name: "asset_type", label: "Type", kind: "word", width: 128, group: "Classification", edit: true, required: true },
  { name: "environment", label: "Environment", kind: "word", width: 132, group: "Classification", edit: true },
  { name: "criticality", label: "Criticality", kind: "choice", width: 104, group: "Classification", edit: true, values: LEVELS },
  { name: "status", label: "Status", kind: "word", width: 104, group: "Classification", edit: true },
  { name: "cpu_cores", label: "CPU", unit: "cores", kind: "whole", width: 104, group: "Size and use", edit: true },
  { name: "memory_gb", label: "Memory", unit: "GB", kind: "number", width: 112, group: "Size and use", edit: true },
  { name: "storage_gb", label: "Storage", unit: "GB", kind: "number", width: 112, group: "Size and use", edit: true },
  { name: "operating_system", label: "Operating system", kind: "text", width: 180, group: "Platform", edit: true },
  { name: "os_version", label: "OS version", kind: "text", width: 112, group: "Platform", edit: true },
  { name: "ip_address", label: "IP address", kind: "text", width: 124, group: "Identity", edit: true, own: true },
  { name: "hostname", label: "Host name", kind: "text", width: 220, group: "Identity", edit: true, own: true },
  { name: "fqdn", label: "FQDN", kind: "text", width: 220, group: "Identity", edit: true },
  { name: "mac_address", label: "MAC address", kind: "text", width: 148, group: "Identity", edit: true },
  { name: "application_name", label: "Application", kind: "text", width: 176, group: "Platform", edit: true },
  { name: "technology_stack", label: "Technology stack", kind: "text", width: 176, group: "Platform", edit: true },
  { name: "department", label: "Department", kind: "text", width: 124, group: "People", edit: true },
  { name: "business_owner", label: "Business owner", kind: "text", width: 140, group: "People", edit: true },
  { name: "technical_owner", label: "Technical owner", kind: "text", width: 140, group: "People", edit: true },
  { name: "location", label: "Location", kind: "text", width: 124, group: "Place", edit: true },
  { name: "datacenter", label: "Data centre", kind: "text", width: 124, group: "Place", edit: true },
  { name: "rack_location", label: "Rack", kind: "text", width: 96, group: "Place", edit: true },
  { name: "availability_zone", label: "Availability zone", kind: "text", width: 140, group: "Place", edit: true },
  { name: "six_r_strategy", label: "6R decision", kind: "choice", width: 116, group: "Migration", edit: true, values: STRATEGIES },
  { name: "business_criticality", label: "Business criticality", kind: "choice", width: 148, group: "Classification", edit: true, values: LEVELS },
  { name: "migration_priority", label: "Priority", kind: "whole", width: 96, group: "Migration", edit: true },
  { name: "migration_complexity", label: "Complexity", kind: "choice", width: 116, group: "Migration", edit: true, values: LEVELS },
  { name: "migration_wave", label: "Wave", kind: "whole", width: 84, group: "Migration", edit: true },
  { name: "migration_status", label: "Migration status", kind: "word", width: 136, group: "Migration", edit: true },
  { name: "current_monthly_cost", label: "Cost now", unit: "per month", kind: "number", width: 156, group: "Migration", edit: true },
  { name: "estimated_cloud_cost", label: "Cost in the cloud", unit: "per month", kind: "number", width: 200, group: "Migration", edit: true },
  { name: "description", label: "Description", kind: "text", width: 260, group: "Identity", edit: true },
  { name: "assessment_readiness", label: "Readiness", kind: "choice", width: 112, group: "Quality", required: true, values: ["not_ready", "pending", "ready", "blocked"] },
  { name: "completeness_score", label: "Completeness", unit: "0–100", kind: "number", width: 156, group: "Quality" },
  { name: "quality_score", label: "Quality", unit: "0–100", kind: "number", width: 116, group: "Quality" },
  { name: "complexity_score", label: "Complexity score", unit: "0–100", kind: "number", width: 180, group: "Quality" },
  { name: "confidence_score", label: "Confidence", unit: "0–1", kind: "number", width: 132, group: "Quality" },
  { name: "cpu_utilization_percent", label: "CPU use", unit: "%", kind: "number", width: 104, group: "Size and use" },
  { name: "memory_utilization_percent", label: "Memory use", unit: "%", kind: "number", width: 124, group: "Size and use" },
  { name: "disk_iops", label: "Disk", unit: "IOPS", kind: "number", width: 104, group: "Size and use" },
  { name: "network_throughput_mbps", label: "Network", unit: "Mbit/s", kind: "number", width: 128, group: "Size and use" },
  { name: "discovery_method", label: "Found by", kind: "text", width: 112, group: "Record" },
  { name: "discovery_source", label: "Found in", kind: "text", width: 176, group: "Record" },
  { name: "created_at", label: "Created", kind: "moment", width: 152, group: "Record", required: true },
  { name: "updated_at", label: "Changed", kind: "moment", width: 152, group: "Record", required: true },
];

const BY_NAME: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.name, field]));

export const fieldOf = (name: string): Field | undefined => BY_NAME.get(name);

/** The columns that are shown until one chooses others. */
export const FIRST_COLUMNS: readonly FieldName[] = [
  "name",
  "asset_type",
  "environment",
  "criticality",
  "status",
  "cpu_cores",
  "memory_gb",
  "storage_gb",
  "operating_system",
  "ip_address",
  "hostname",
  "application_name",
  "department",
  "business_owner",
  "location",
  "six_r_strategy",
];

export const isFigure = ({ kind }: Field): boolean => kind === "whole" || kind === "number";

/** The head of a column: "Memory (GB)". */
export const title = ({ label, unit }: Field): string => (unit === undefined ? label : `${label} (${unit})`);

/** Whether what stands in it is one of a few words rather than text of its own. */
export const isWords = ({ kind }: Field): boolean => kind === "word" || kind === "choice";
