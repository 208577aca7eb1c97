import { useState } from "react";
import type { DamagedFile, Snapshot } from "../../api/maintenance";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Dialog";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Menu, MenuItem, MenuLine } from "../../parts/Menu";
import { Moment } from "../../parts/Moment";
import { Skeleton } from "../../parts/Skeleton";
import { size } from "../../words";
import { Replaced } from "./ResetPanel";

/** As many digits as tell two schemas apart. */
const DIGITS = 8;

interface Actions {
  /** Something is under way, so nothing else can begin. */
  busy: boolean;
  onRestore: (snapshot: Snapshot) => void;
  onEdit: (snapshot: Snapshot) => void;
  onExport: (snapshot: Snapshot) => void;
  onRemove: (snapshot: Snapshot) => void;
}

function Row({ snapshot, busy, onRestore, onEdit, onExport, onRemove }: Actions & { snapshot: Snapshot }) {
  const [asking, setAsking] = useState(false);
  const { name, note } = snapshot;
  return (
    <tr>
      <th scope="row">
        <span className="snapshot-name">{name}</span>
        <span className="list-note narrow">
          <Moment at={snapshot.created_at} />, {size(snapshot.file_bytes)}
        </span>
        {note !== "" && <span className="list-note snapshot-note">{note}</span>}
      </th>
      <td className="wide">
        <Moment at={snapshot.created_at} />
      </td>
      <td className="number wide">{size(snapshot.file_bytes)}</td>
      <td className="number wide">{size(snapshot.database_bytes)}</td>
      <td className="wide figures">{snapshot.app_version}</td>
      <td className="wide">
        <code title={snapshot.schema_digest}>{snapshot.schema_digest.slice(0, DIGITS)}</code>
      </td>
      <td className="row-actions">
        <Button aria-disabled={busy || undefined} aria-label={`Restore “${name}”`} onClick={() => busy || setAsking(true)}>
          Restore
        </Button>
        <Menu
          align="end"
          trigger={
            <Button look="quiet" className="button-icon" aria-label={`More for “${name}”`} title="More">
              <Icon name="more" />
            </Button>
          }
        >
          <MenuItem onSelect={() => onEdit(snapshot)}>Rename…</MenuItem>
          <MenuItem disabled={busy} onSelect={() => onExport(snapshot)}>
            Export to a file
          </MenuItem>
          <MenuLine />
          <MenuItem disabled={busy} onSelect={() => onRemove(snapshot)}>
            Delete
          </MenuItem>
        </Menu>
        <Confirm
          open={asking}
          onOpen={setAsking}
          title={`Restore “${name}”?`}
          does="Restore"
          onConfirm={() => onRestore(snapshot)}
        >
          <Replaced by="this snapshot" />
        </Confirm>
      </td>
    </tr>
  );
}

interface Props extends Actions {
  snapshots: Snapshot[] | undefined;
  damaged: DamagedFile[];
  onCreate: () => void;
}

/** The snapshots, newest first, and below them the files that are none. */
export function SnapshotTable({ snapshots, damaged, onCreate, ...actions }: Props) {
  return (
    <>
      <div className="list-frame" aria-busy={snapshots === undefined}>
        <table className="list snapshots" aria-label="Snapshots">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" className="wide">
                Made
              </th>
              <th scope="col" className="number wide">
                File
              </th>
              <th scope="col" className="number wide">
                Database
              </th>
              <th scope="col" className="wide">
                Drydock
              </th>
              <th scope="col" className="wide">
                Schema
              </th>
              <th scope="col">
                <span className="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {snapshots === undefined
              ? [0, 1].map((row) => (
                  <tr key={row}>
                    <td>
                      <Skeleton width="12rem" />
                    </td>
                    <td className="wide">
                      <Skeleton width="8rem" />
                    </td>
                    <td className="wide" colSpan={4} />
                    <td />
                  </tr>
                ))
              : snapshots.map((snapshot) => <Row key={snapshot.id} snapshot={snapshot} {...actions} />)}
          </tbody>
        </table>
        {snapshots?.length === 0 && (
          <Empty title="No snapshot yet">
            <p>A snapshot keeps all data as it is now, so that you can come back to it or take it to another machine.</p>
            <Button look="primary" onClick={onCreate}>
              New snapshot
            </Button>
          </Empty>
        )}
      </div>
      {damaged.length > 0 && (
        <section className="damaged" aria-labelledby="damaged-title">
          <h3 id="damaged-title">Files that cannot be used</h3>
          <ul>
            {damaged.map(({ file, problem }) => (
              <li key={file}>
                <code>{file}</code> {problem.what} {problem.cause} {problem.next_step}{" "}
                <span className="quiet">
                  Code <code>{problem.code}</code>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
