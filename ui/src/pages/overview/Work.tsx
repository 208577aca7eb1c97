import type { Overview } from "../../api/queries";
import { Moment } from "../../parts/Moment";
import { Table, type Column } from "../../parts/Table";
import { counted, figure, label } from "../../words";

type Progress = Overview["progress"][number];

const COLUMNS: readonly Column<Progress>[] = [
  { id: "name", head: "Name", cell: (work) => work.name, by: (work) => work.name },
  { id: "kind", head: "Kind", cell: (work) => label(work.kind), by: (work) => work.kind },
  { id: "status", head: "Status", cell: (work) => label(work.status), by: (work) => work.status },
  {
    id: "phase",
    head: "Phase",
    wide: true,
    cell: (work) =>
      work.records == null
        ? work.phase == null
          ? "–"
          : label(work.phase)
        : `${counted(work.records, "row")}${(work.failed_records ?? 0) > 0 ? `, ${figure(work.failed_records ?? 0)} refused` : ""}`,
    by: (work) => work.phase,
  },
  { id: "percent", head: "Done (%)", number: true, cell: (work) => figure(work.percent), by: (work) => work.percent },
  { id: "at", head: "Last change", wide: true, cell: (work) => <Moment at={work.at} />, by: (work) => work.at },
];

/** The newest imports, discoveries and assessments. */
export function Work({ progress }: { progress: Progress[] | undefined }) {
  return (
    <section className="overview-work" aria-labelledby="work-title">
      <h2 id="work-title">Latest imports and flows</h2>
      <Table
        label="Latest imports and flows"
        columns={COLUMNS}
        rows={progress}
        rowKey={(work) => work.id}
        sort="-at"
        empty={<p className="quiet breakdown-none">Nothing has been imported and no flow has been started yet.</p>}
      />
    </section>
  );
}
