import { useQuery } from "@tanstack/react-query";
import { Tabs } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import type { Asset, Place } from "../../api/queries";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton } from "../../parts/Skeleton";
import { counted, label } from "../../words";
import { cellText } from "./address";
import { Cell } from "./Cell";
import { CellEditor } from "./CellEditor";
import { detailQuery, historyQuery, type AssetDetail, type CellValue, type HistoryEntry } from "./data";
import { fieldOf, FIELDS, GROUPS, title, type Field } from "./fields";
import "./panel.css";

export const TABS = ["fields", "dependencies", "history", "origin"] as const;
export type Tab = (typeof TABS)[number];

interface Props {
  place: Place;
  id: string;
  tab: Tab;
  editable: boolean;
  deletable: boolean;
  onTab: (tab: Tab) => void;
  onOpen: (id: string) => void;
  onEdit: (asset: Asset, field: Field, value: CellValue) => void;
  onDelete: (asset: Asset) => void;
  onUndo: (change: string) => void;
  onClose: () => void;
}

/** All about one asset, beside the list. */
export function AssetPanel({ place, id, tab, editable, deletable, onTab, onOpen, onEdit, onDelete, onUndo, onClose }: Props) {
  const { data, error, refetch } = useQuery(detailQuery(place, id));
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus({ preventScroll: true }), [id]);

  return (
    // Esc closes it from anywhere within.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside
      className="asset-panel"
      aria-label="Asset"
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) onClose();
      }}
    >
      <header className="panel-head">
        <h2>{data?.asset.name ?? (error === null ? <Skeleton width="10rem" /> : "Asset")}</h2>
        {data !== undefined && deletable && (
          <Button look="quiet" onClick={() => onDelete(data.asset)}>
            Delete
          </Button>
        )}
        <Button ref={close} look="quiet" className="button-icon" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </Button>
      </header>
      {error !== null && data === undefined ? (
        <div className="tab-page">
          <ProblemView error={error} onRetry={() => void refetch()}>
            <Button look="primary" onClick={onClose}>
              Back to the list
            </Button>
          </ProblemView>
        </div>
      ) : (
        <Tabs.Root className="tabs" value={tab} onValueChange={(next) => onTab(next as Tab)}>
          <Tabs.List className="tab-list" aria-label="About the asset">
            {TABS.map((name) => (
              <Tabs.Trigger key={name} value={name} className="tab">
                {label(name)}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          <Tabs.Content value="fields" className="tab-page">
            <FieldList detail={data} editable={editable} onEdit={onEdit} />
          </Tabs.Content>
          <Tabs.Content value="dependencies" className="tab-page">
            <Ends title="Depends on" none="Depends on nothing that is known." ends={data?.depends_on} onOpen={onOpen} />
            <Ends title="Needed by" none="Nothing is known to need it." ends={data?.needed_by} onOpen={onOpen} />
          </Tabs.Content>
          <Tabs.Content value="history" className="tab-page">
            <History place={place} id={id} editable={editable} onUndo={(change) => {
                  onUndo(change);
                  // The button goes with what it undid.
                  close.current?.focus();
                }} />
          </Tabs.Content>
          <Tabs.Content value="origin" className="tab-page">
            <Origin detail={data} />
          </Tabs.Content>
        </Tabs.Root>
      )}
    </aside>
  );
}

interface FieldListProps {
  detail: AssetDetail | undefined;
  editable: boolean;
  onEdit: (asset: Asset, field: Field, value: CellValue) => void;
}

function FieldList({ detail, editable, onEdit }: FieldListProps) {
  const [editing, setEditing] = useState<string>();
  const asset = detail?.asset;
  return (
    <>
      {GROUPS.map((group) => (
        <section key={group}>
          <h3>{group}</h3>
          <dl className="facts">
            {FIELDS.filter((field) => field.group === group).map((field) => (
              <div key={field.name}>
                <dt>{title(field)}</dt>
                <dd>
                  {asset === undefined ? (
                    <Skeleton width="6rem" />
                  ) : editing === field.name ? (
                    <CellEditor
                      field={field}
                      value={asset[field.name]}
                      onCancel={() => setEditing(undefined)}
                      onSave={(value) => {
                        setEditing(undefined);
                        onEdit(asset, field, value);
                      }}
                    />
                  ) : editable && field.edit === true ? (
                    <button type="button" className="fact-edit" aria-label={`Change ${field.label.toLowerCase()}`} onClick={() => setEditing(field.name)}>
                      <Cell field={field} asset={asset} />
                    </button>
                  ) : (
                    <Cell field={field} asset={asset} />
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      {detail !== undefined && detail.tags.length > 0 && (
        <section>
          <h3>Tags</h3>
          <ul className="chips">
            {detail.tags.map((tag) => (
              <li key={tag} className="chip chip-plain">
                {tag}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Loose title="Other attributes of the source" value={detail?.custom_attributes} />
      <Loose title="Technical details" value={detail?.technical_details} />
    </>
  );
}

/** An object without columns of its own: names and values as they stand. */
function Loose({ title: head, value }: { title: string; value: unknown }) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return null;
  return (
    <section>
      <h3>{head}</h3>
      <dl className="facts">
        {Object.entries(value).map(([name, one]) => (
          <div key={name}>
            <dt>{label(name)}</dt>
            <dd>{typeof one === "string" ? one : JSON.stringify(one)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

interface EndsProps {
  title: string;
  none: string;
  ends: AssetDetail["depends_on"] | undefined;
  onOpen: (id: string) => void;
}

function Ends({ title: head, none, ends, onOpen }: EndsProps) {
  return (
    <section>
      <h3>
        {head}
        {ends !== undefined && ends.length > 0 && <span className="quiet figures"> {ends.length}</span>}
      </h3>
      {ends === undefined && <Skeleton width="12rem" />}
      {ends?.length === 0 && <p className="quiet">{none}</p>}
      <ul className="ends">
        {ends?.map((end) => (
          <li key={`${end.asset_id}-${end.dependency_type}`}>
            <button type="button" className="link-button" onClick={() => onOpen(end.asset_id)}>
              {end.name}
            </button>
            <span className="quiet">
              {label(end.asset_type)} · {label(end.dependency_type)}
              {end.source === "manual" ? "" : ` · found by ${label(end.source).toLowerCase()}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const DEED: Record<string, string> = { create: "made it", edit: "changed it", delete: "deleted it", undo: "took a change back" };

function History({ place, id, editable, onUndo }: { place: Place; id: string; editable: boolean; onUndo: (change: string) => void }) {
  const { data, error, refetch } = useQuery(historyQuery(place, id));
  if (error !== null && data === undefined) return <ProblemView error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton width="14rem" />;
  if (data.length === 0) return <p className="quiet">Nobody has changed it by hand.</p>;
  return (
    <ol className="history">
      {data.map((entry) => (
        <Step key={entry.change_id} entry={entry} editable={editable} onUndo={onUndo} />
      ))}
    </ol>
  );
}

function Step({ entry, editable, onUndo }: { entry: HistoryEntry; editable: boolean; onUndo: (change: string) => void }) {
  return (
    <li>
      <p>
        <strong>{entry.by}</strong> {DEED[entry.kind] ?? entry.kind}
        {entry.asset_count > 1 && <> with {counted(entry.asset_count - 1, "other asset")}</>}
        {entry.undone && <span className="quiet"> (undone)</span>}
        <br />
        <span className="quiet">
          <Moment at={entry.at} />
        </span>
      </p>
      <ul>
        {entry.changes.map(({ column, before, after }) => {
          const field = fieldOf(column);
          if (field === undefined) return null;
          return (
            <li key={column}>
              {title(field)}: <del>{cellText(field, before)}</del> → <ins>{cellText(field, after)}</ins>
            </li>
          );
        })}
      </ul>
      {editable && !entry.undone && entry.kind === "edit" && (
        <Button look="quiet" onClick={() => onUndo(entry.change_id)}>
          <Icon name="undo" />
          Undo this change
        </Button>
      )}
    </li>
  );
}

function Origin({ detail }: { detail: AssetDetail | undefined }) {
  if (detail === undefined) return <Skeleton width="14rem" />;
  const { origin } = detail;
  if (origin == null) return <p className="quiet">It was not read from a file{detail.asset.discovery_source == null ? "" : `; found in ${detail.asset.discovery_source}`}.</p>;
  return (
    <>
      <p>
        Row {origin.row_number} of <strong>{origin.filename}</strong>, imported by {origin.imported_by}, <Moment at={origin.imported_at} />
      </p>
      <Loose title="As the file has it" value={origin.cells} />
    </>
  );
}
