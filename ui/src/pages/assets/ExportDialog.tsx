import { useEffect, useState } from "react";
import { fromThrown, Problem } from "../../api/problem";
import type { Place } from "../../api/queries";
import { Button } from "../../parts/Button";
import { FormDialog } from "../../parts/Dialog";
import { Check } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { pause } from "../../pause";
import { counted, figure } from "../../words";
import { isFiltered, type Listing } from "./address";
import { beginExport, cancelExport, readExport, type AssetExport } from "./data";
import { FIELDS, type Field } from "./fields";

const EVERY_MS = 250;

interface Props {
  place: Place;
  listing: Listing;
  columns: readonly Field[];
  total: number | undefined;
  onClose: () => void;
}

/** Writes exactly the listed assets, in their order, as a CSV file; says how far it is, can be stopped, and says where the file is. */
export function ExportDialog({ place, listing, columns, total, onClose }: Props) {
  const [everything, setEverything] = useState(false);
  const [escape, setEscape] = useState(true);
  const [task, setTask] = useState<AssetExport>();
  const [problem, setProblem] = useState<Problem>();
  const running = task?.state === "running";
  const id = running ? task.id : undefined;

  useEffect(() => {
    if (id === undefined) return;
    const stop = new AbortController();
    const watch = async () => {
      for (;;) {
        await pause(EVERY_MS, stop.signal);
        const now = await readExport(id, stop.signal);
        setTask(now);
        if (now.state !== "running") return;
      }
    };
    watch().catch((thrown: unknown) => {
      if (!stop.signal.aborted) setProblem(fromThrown(thrown));
    });
    return () => stop.abort();
  }, [id]);

  const begin = async () => {
    if (task?.state === "done") {
      onClose();
      return;
    }
    if (running) return;
    setProblem(undefined);
    try {
      setTask(await beginExport(place, listing, (everything ? FIELDS : columns).map(({ name }) => name), escape));
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    }
  };
  const cancel = () => {
    if (id !== undefined) cancelExport(id).catch((thrown: unknown) => setProblem(fromThrown(thrown)));
  };
  const failed =
    task?.state === "failed"
      ? new Problem({ code: task.code ?? "", status: 0, title: "The file could not be written", detail: task.detail ?? "", nextStep: "" })
      : undefined;

  return (
    <FormDialog
      open
      onOpen={(open) => {
        if (open) return;
        cancel();
        onClose();
      }}
      title="Export as CSV"
      does={task?.state === "done" ? "Done" : "Export"}
      busy={running}
      onSubmit={() => void begin()}
    >
      <FormProblem problem={problem ?? failed} />
      {task?.state === "done" ? (
        <p role="status">
          {counted(task.written, "asset")} written to <code>{task.path}</code>
        </p>
      ) : (
        <>
          <p>
            {total === undefined ? "The assets" : counted(total, "asset")}
            {isFiltered(listing) ? " that match" : ""}, in the order of the list, as a file in your folder of downloads.
          </p>
          <Check label={`All ${FIELDS.length} columns instead of the ${columns.length} shown`} checked={everything} onCheck={setEverything} />
          <Check
            label="Keep spreadsheets from running cells as formulas"
            checked={escape}
            onCheck={setEscape}
            hint="Text that begins with = + - @ gets an apostrophe before it."
          />
        </>
      )}
      {task?.state === "cancelled" && <p role="status">Stopped. No file was left.</p>}
      {running && (
        <div className="export-progress">
          <progress aria-label="Export" max={Math.max(task.total, 1)} value={task.written} />
          <span className="figures" role="status">
            {figure(task.written)} of {figure(task.total)}
          </span>
          <Button onClick={cancel}>Stop</Button>
        </div>
      )}
    </FormDialog>
  );
}
