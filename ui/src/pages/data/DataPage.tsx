import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import {
  changeSnapshot,
  createSnapshot,
  exportSnapshot,
  fromTask,
  importSnapshot,
  putSnapshotBack,
  removeSnapshot,
  resetData,
  restoreSnapshot,
  snapshotsQuery,
  undoSwap,
  type Snapshot,
  type Task,
  type Undo,
} from "../../api/maintenance";
import { fromThrown, type Problem } from "../../api/problem";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Notice, ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { useToast } from "../../parts/Toast";
import { duration, moment } from "../../words";
import { ResetPanel, UNDO_LABEL } from "./ResetPanel";
import { SnapshotForm } from "./SnapshotForm";
import { SnapshotTable } from "./SnapshotTable";
import { TaskProgress } from "./TaskProgress";
import { useDrop } from "./useDrop";
import { useMaintenance, type MaintenanceWatch } from "./useMaintenance";
import "./data.css";

const BACK: Record<Undo["cause"], string> = {
  reset: "The state before the reset is back.",
  restore: "The state before the restore is back.",
  undo: "The state before the undo is back.",
};

const NOTHING_CHANGED = "Cancelled. Nothing was changed.";

/** Reset, undo and snapshots; a page for platform admins. */
export function DataPage() {
  const watch = useMaintenance();
  if (watch.error !== undefined) return <ProblemView error={watch.error} onRetry={watch.retry} />;
  return <Data watch={watch} />;
}

function Data({ watch }: { watch: MaintenanceWatch }) {
  const queries = useQueryClient();
  const say = useToast();
  const snapshots = useQuery(snapshotsQuery);
  const { status, swapped, isLast } = watch;

  const [acting, setActing] = useState<"reset" | "undo" | "import" | "other">();
  const [problem, setProblem] = useState<Problem>();
  const [form, setForm] = useState<"new" | Snapshot>();
  /** The tasks begun here, with the name of what each is about. */
  const [mine, setMine] = useState<ReadonlyMap<string, string>>(new Map());
  const [closed, setClosed] = useState<string>();
  const picker = useRef<HTMLInputElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const sending = useRef(false);

  const busy = acting !== undefined || status?.task?.state === "running";
  const reload = () => queries.invalidateQueries({ queryKey: snapshotsQuery.queryKey });

  /** Does one thing at a time and tells what goes wrong. */
  const act = async (what: typeof acting, work: () => Promise<void>) => {
    if (sending.current) return;
    sending.current = true;
    setActing(what);
    setProblem(undefined);
    try {
      await work();
    } catch (thrown) {
      const wrong = fromThrown(thrown);
      if (wrong.code === "snapshot.cancelled") say({ text: NOTHING_CHANGED });
      else setProblem(wrong);
    } finally {
      sending.current = false;
      setActing(undefined);
    }
  };

  const undo = (of: Undo) =>
    act("undo", async () => {
      if (!isLast(of)) {
        say({ text: "The data has been replaced again since. Nothing was changed." });
        return;
      }
      await swapped((await undoSwap()).undo);
      say({ text: BACK[of.cause] });
    });

  const offer = (text: string, of: Undo | null | undefined) =>
    say(of == null ? { text } : { text, undo: { label: UNDO_LABEL[of.cause], run: () => void undo(of) } });

  const reset = () =>
    act("reset", async () => {
      const done = await resetData();
      await swapped(done.undo);
      offer(`Data reset in ${duration(done.elapsed_ms)}.`, done.undo);
    });

  const begin = async (task: Promise<Task>, name: string) => {
    const { id } = await task;
    setMine((before) => new Map(before).set(id, name));
  };

  const remove = (snapshot: Snapshot) =>
    act("other", async () => {
      await queries.cancelQueries({ queryKey: snapshotsQuery.queryKey });
      queries.setQueryData(snapshotsQuery.queryKey, (before) =>
        before && { ...before, snapshots: before.snapshots.filter(({ id }) => id !== snapshot.id) },
      );
      try {
        await removeSnapshot(snapshot.id);
        // The row had the focus and is gone.
        if (document.activeElement === document.body) heading.current?.focus();
      } finally {
        void reload();
      }
      const putBack = () =>
        act("other", async () => {
          await putSnapshotBack(snapshot.id);
          await reload();
        });
      say({ text: `“${snapshot.name}” deleted.`, undo: { label: "Undo", run: () => void putBack() } });
    });

  const take = (file: File) =>
    act("import", async () => {
      const taken = await importSnapshot(file);
      await reload();
      say({ text: `“${taken.name}” imported.` });
    });

  const over = useDrop((file) => void take(file));

  const save = async (words: { name: string; note: string }) => {
    if (form === "new") await begin(createSnapshot(words), words.name.trim());
    else if (form !== undefined) {
      await changeSnapshot(form.id, words);
      await reload();
    }
  };

  // What came of a task that was begun here or seen running here.
  const { task } = status ?? {};
  const name = task == null ? undefined : mine.get(task.id);
  const ended = task != null && task.state !== "running" && (name !== undefined || watch.seen.has(task.id)) ? task : undefined;
  const told = useRef<string>(undefined);
  useEffect(() => {
    if (ended === undefined || told.current === ended.id) return;
    told.current = ended.id;
    const called = name === undefined ? "The snapshot is" : `Snapshot “${name}” is`;
    if (ended.state === "cancelled" && ended.kind !== "snapshot_import") say({ text: NOTHING_CHANGED });
    else if (ended.state === "done" && ended.kind === "snapshot_create") say({ text: `${called} made.` });
    else if (ended.state === "done" && ended.kind === "snapshot_restore") offer(`${called} restored.`, status?.undo);
  });
  const shown = ended !== undefined && ended.id !== closed ? ended : undefined;

  return (
    <div className="data" data-over={over || undefined}>
      <header className="page-head">
        <h1>Data</h1>
        <p className="quiet">Reset and snapshots concern everything at once: all client accounts, engagements, assets and users.</p>
      </header>
      <TaskProgress task={task} onProblem={setProblem} />
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      {shown?.error != null && shown.kind !== "snapshot_import" && (
        <ProblemNotice problem={fromTask(shown.error)} onClose={() => setClosed(shown.id)} />
      )}
      {shown?.kind === "snapshot_export" && shown.path != null && (
        <Notice onClose={() => setClosed(shown.id)}>
          <p role="status">
            {name === undefined ? "The snapshot" : <strong>{`“${name}”`}</strong>} is exported to <code>{shown.path}</code>
          </p>
        </Notice>
      )}
      <ResetPanel
        undo={status?.undo}
        busy={busy}
        acting={acting === "reset" || acting === "undo" ? acting : undefined}
        onReset={() => void reset()}
        onUndo={(of) => void undo(of)}
      />
      <section aria-labelledby="snapshots-title">
        <div className="panel-row section-head">
          <div>
            <h2 id="snapshots-title" ref={heading} tabIndex={-1}>
              Snapshots
            </h2>
            <p className="quiet">All data as it was at one moment, in one file that another machine can take in.</p>
          </div>
          <div className="section-actions">
            <input
              ref={picker}
              type="file"
              className="hidden"
              tabIndex={-1}
              aria-hidden="true"
              accept=".drydock"
              onChange={(event) => {
                const file = event.target.files?.[0];
                event.target.value = "";
                if (file !== undefined) void take(file);
              }}
            />
            <Button
              busy={acting === "import"}
              aria-disabled={busy || undefined}
              title="Or drop the file anywhere on this page"
              onClick={() => busy || picker.current?.click()}
            >
              <Icon name="file" />
              Import file
            </Button>
            {snapshots.data?.snapshots.length !== 0 && (
              <Button look="primary" aria-disabled={busy || undefined} onClick={() => busy || setForm("new")}>
                <Icon name="plus" />
                New snapshot
              </Button>
            )}
          </div>
        </div>
        {snapshots.isError ? (
          <ProblemView error={snapshots.error} onRetry={() => void snapshots.refetch()} />
        ) : (
          <SnapshotTable
            snapshots={snapshots.data?.snapshots}
            damaged={snapshots.data?.damaged ?? []}
            busy={busy}
            onCreate={() => busy || setForm("new")}
            onRestore={(snapshot) => void act("other", () => begin(restoreSnapshot(snapshot.id), snapshot.name))}
            onEdit={setForm}
            onExport={(snapshot) => void act("other", () => begin(exportSnapshot(snapshot.id), snapshot.name))}
            onRemove={(snapshot) => void remove(snapshot)}
          />
        )}
      </section>
      {over && (
        <div className="drop" aria-hidden="true">
          <p>Drop the file to import it</p>
        </div>
      )}
      {form !== undefined && (
        <SnapshotForm
          title={form === "new" ? "New snapshot" : "Rename snapshot"}
          does={form === "new" ? "Make snapshot" : "Save"}
          start={form === "new" ? { name: `Snapshot of ${moment(new Date().toISOString())}`, note: "" } : form}
          onSave={save}
          onClose={() => setForm(undefined)}
        />
      )}
    </div>
  );
}
