import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Asset } from "../../api/queries";
import { useActions } from "../../app/actions";
import { useMay } from "../../app/may";
import { useHere } from "../../app/place";
import { Button } from "../../parts/Button";
import { Conflict } from "../../parts/Conflict";
import { Empty, NoMatch } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { ProblemView } from "../../parts/ProblemView";
import { failure, useToast } from "../../parts/Toast";
import { counted, figure } from "../../words";
import { isClosed } from "../engagements/status";
import { cellText, isFiltered, listing as readListing, searchOf, searchText, fromSearchText, without, type AssetSearch, type Sort } from "./address";
import { AssetGrid } from "./AssetGrid";
import { AssetPanel, TABS, type Tab } from "./AssetPanel";
import { BulkEdit } from "./BulkEdit";
import { ColumnChooser } from "./ColumnChooser";
import { filterOf, readRows, useRows, viewsQuery, type SavedView, type Selection } from "./data";
import { ExportDialog } from "./ExportDialog";
import { fieldOf, title, type Field, type FieldName } from "./fields";
import { Chips, Filters, SearchBox } from "./Filters";
import { NewAsset } from "./NewAsset";
import { useChanges } from "./useChanges";
import { readLayout, useLayout } from "./useLayout";
import { MOST_NAMED, useSelection } from "./useSelection";
import { ViewsMenu } from "./ViewsMenu";
import "./assets.css";

const ROUTE = "/signed-in/clients/$clientId/engagements/$engagementId/assets";
const TO = "/clients/$clientId/engagements/$engagementId/assets";
/** The most rows that go to the clipboard; of more one exports a file. */
const MOST_COPIED = 5000;

/** The assets of an engagement. */
export function AssetsPage() {
  const { clientId, engagementId } = useParams({ from: ROUTE });
  return <Assets key={`${clientId} ${engagementId}`} clientId={clientId} engagementId={engagementId} />;
}

function Assets({ clientId, engagementId }: { clientId: string; engagementId: string }) {
  const place = useMemo(() => ({ clientId, engagementId }), [clientId, engagementId]);
  const search = useSearch({ from: ROUTE });
  const navigate = useNavigate({ from: TO });
  const queries = useQueryClient();
  const say = useToast();
  const text = searchText(searchOf(readListing(search)));
  const listing = useMemo(() => readListing(fromSearchText(text)), [text]);
  const filtered = isFiltered(listing);
  const mayEdit = useMay("asset.edit");
  const mayDelete = useMay("asset.delete");
  const mayExport = useMay("asset.export");
  const { engagement } = useHere();
  const closed = engagement !== undefined && isClosed(engagement);

  const { layout, known, set: setLayout, setWidth } = useLayout(place);
  const views = useQuery(viewsQuery(place));
  const [range, setRange] = useState({ first: 0, last: 40 });
  const onRange = useCallback(
    (first: number, last: number) => setRange((before) => (before.first === first && before.last === last ? before : { first, last })),
    [],
  );
  const rows = useRows(queries, place, listing, range.first, range.last);
  const selection = useSelection(rows.total, rows.at);
  const changes = useChanges(place);
  const [dialog, setDialog] = useState<"new" | "bulk" | "export">();
  const grid = useRef<HTMLDivElement>(null);

  const go = useCallback(
    (next: AssetSearch, replace = false) => void navigate({ search: next, replace }),
    [navigate],
  );
  const openId = search["asset"];
  const open = useCallback((id: string | undefined, tab?: Tab) => {
    const rest = without(search, "asset", "tab");
    const kept = tab ?? search["tab"];
    go(id === undefined ? rest : { ...rest, asset: id, ...(kept !== undefined && kept !== "fields" && { tab: kept }) });
  }, [search, go]);

  // What is open stays open; what is listed is another.
  const list = (next: Partial<typeof listing>, replace = false) => {
    const { asset, tab } = search;
    selection.none();
    go({ ...searchOf({ ...listing, ...next }), ...(asset !== undefined && { asset }), ...(tab !== undefined && { tab }) }, replace);
  };
  const setFilter = (name: FieldName, value: string | undefined) => {
    const filters = without(listing.filters, name);
    list({ filters: value === undefined ? filters : { ...filters, [name]: value } });
  };
  const setSearch = (q: string | undefined, replace = false) => list({ q }, replace);
  const clear = () => list({ filters: {}, q: undefined });
  const sortBy = (field: FieldName) => {
    const { sort } = listing;
    const next: Sort = { field, descending: sort.field === field && !sort.descending };
    list({ sort: next });
  };
  const openView = (view: SavedView) => {
    selection.none();
    setLayout(() => readLayout(view.layout));
    go(fromSearchText(view.query));
  };

  // The default view is where one begins, as long as the address says nothing.
  const begun = useRef(false);
  const standard = views.data?.find((view) => view.is_default);
  useEffect(() => {
    if (views.isPending || begun.current) return;
    begun.current = true;
    if (standard !== undefined && Object.keys(search).length === 0 && standard.query !== "") {
      void navigate({ search: fromSearchText(standard.query), replace: true });
    }
  }, [views.isPending, standard, search, navigate]);

  const selected: Selection =
    selection.state === "all" ? { filter: filterOf(listing) } : { ids: selection.assets.map(({ id }) => id) };
  const named = selection.state === "some" && selection.count === 1 ? `“${selection.assets[0]?.name ?? ""}”` : counted(selection.count, "asset");

  const copyRows = async (cell: { asset: Asset; field: Field } | undefined) => {
    const value = (asset: Asset, field: Field) => String(asset[field.name] ?? "").replaceAll(/[\t\r\n]+/g, " ");
    try {
      if (selection.state === "none") {
        if (cell === undefined) return;
        await navigator.clipboard.writeText(value(cell.asset, cell.field));
        say({ text: `Copied: ${cellText(cell.field, cell.asset[cell.field.name])}` });
        return;
      }
      const assets = selection.state === "all" ? await readRows(place, listing, MOST_COPIED) : selection.assets;
      const lines = [layout.columns.map(title), ...assets.map((asset) => layout.columns.map((field) => value(asset, field)))];
      await navigator.clipboard.writeText(lines.map((line) => line.join("\t")).join("\n"));
      const left = selection.count - assets.length;
      say({ text: `${counted(assets.length, "row")} copied.${left > 0 ? ` The other ${figure(left)} go into a file: Export.` : ""}` });
    } catch (thrown) {
      say(failure(thrown, "Nothing was copied."));
    }
  };
  const remove = (which: Selection, what: string) => {
    selection.none();
    if (openId !== undefined) open(undefined);
    void changes.remove(which, what);
  };

  useActions([
    { id: "assets.search", title: "Search assets", group: "This page", icon: "search", shortcut: "/", run: () => document.querySelector<HTMLElement>(".assets .search input")?.focus() },
    { id: "assets.new", title: "New asset", group: "Create", icon: "plus", shortcut: "n", when: mayEdit, run: () => setDialog("new") },
    { id: "assets.export", title: "Export the listed assets as CSV", group: "This page", icon: "file", when: mayExport, run: () => setDialog("export") },
    { id: "assets.edit-many", title: "Change the selected assets", group: "This page", when: mayEdit && selection.count > 0, run: () => setDialog("bulk") },
    { id: "assets.clear", title: "Clear filters", group: "This page", when: filtered, run: clear },
    {
      id: "assets.density",
      title: layout.density === "compact" ? "Comfortable rows" : "Compact rows",
      group: "This page",
      run: () => setLayout((before) => ({ ...before, density: before.density === "compact" ? "comfortable" : "compact" })),
    },
  ]);

  if (rows.error !== null) {
    return (
      <ProblemView error={rows.error} onRetry={rows.retry}>
        {filtered && <Button onClick={clear}>Clear filters</Button>}
      </ProblemView>
    );
  }
  const { total } = rows;
  const tab = TABS.find((one) => one === search["tab"]) ?? "fields";

  return (
    <div className="assets">
      <header className="page-head assets-head">
        <h1>Assets</h1>
        <p className="quiet figures" role="status">
          {total !== undefined &&
            !rows.changing &&
            (rows.exact
              ? counted(total, filtered ? "matching asset" : "asset")
              : `${figure(total)}+ ${filtered ? "matching assets" : "assets"}`)}
        </p>
        {closed && <p className="quiet">The engagement is {engagement.status}: nothing in it is changed until it is opened again.</p>}
        <span className="assets-actions">
          {mayExport && <Button onClick={() => setDialog("export")}>Export</Button>}
          {mayEdit && (
            <Button onClick={() => setDialog("new")}>
              <Icon name="plus" />
              New asset
            </Button>
          )}
        </span>
      </header>
      <div className="filters">
        <SearchBox value={listing.q} onSearch={(q) => setSearch(q, true)} />
        <Filters place={place} listing={listing} onSet={setFilter} />
        <span className="filters-end">
          <ViewsMenu place={place} search={searchOf(listing)} layout={layout} onOpen={openView} />
          <ColumnChooser layout={layout} onChange={setLayout} />
        </span>
      </div>
      <Chips listing={listing} onSet={setFilter} onSearch={setSearch} onClear={clear} />
      {selection.count > 0 && (
        <div className="bulk" role="region" aria-label="Selection">
          <strong className="figures">{counted(selection.count, "asset")} selected</strong>
          {selection.state === "some" && selection.count === MOST_NAMED && <span className="quiet">One by one, no more can be selected.</span>}
          {mayEdit && <Button onClick={() => setDialog("bulk")}>Change…</Button>}
          <Button onClick={() => void copyRows(undefined)}>Copy</Button>
          {mayDelete && <Button onClick={() => remove(selected, named)}>Delete</Button>}
          <Button look="quiet" onClick={selection.none}>
            Clear selection
          </Button>
        </div>
      )}
      <div className="assets-body">
        <div ref={grid} className="grid-frame" data-empty={total === 0 || undefined} data-changing={rows.changing || undefined}>
          <AssetGrid
            key={text}
            columns={layout.columns}
            widths={layout.widths}
            density={layout.density}
            sort={listing.sort}
            total={known ? total : undefined}
            at={rows.at}
            selection={selection}
            editable={mayEdit}
            onRange={onRange}
            onSort={sortBy}
            onWidth={setWidth}
            onOpen={(asset) => open(asset.id)}
            onEdit={changes.edit}
            onCopy={(cell) => void copyRows(cell)}
          />
          {total === 0 &&
            (filtered ? (
              <NoMatch title="No asset matches" onClear={clear}>
                <p>This engagement has no asset with these filters.</p>
              </NoMatch>
            ) : (
              <Empty title="No assets yet">
                <p>An asset is a server, an application, a database or anything else to be moved.</p>
                {mayEdit ? (
                  <Button look="primary" onClick={() => setDialog("new")}>
                    New asset
                  </Button>
                ) : (
                  <Link to="/clients/$clientId/engagements" params={{ clientId }} className="button button-plain">
                    See the other engagements
                  </Link>
                )}
              </Empty>
            ))}
        </div>
        {openId !== undefined && (
          <AssetPanel
            place={place}
            id={openId}
            tab={tab}
            editable={mayEdit}
            deletable={mayDelete}
            onTab={(next) => open(openId, next)}
            onOpen={(id) => open(id)}
            onEdit={changes.edit}
            onDelete={(asset) => remove({ ids: [asset.id] }, `“${asset.name}”`)}
            onUndo={changes.undoStep}
            onClose={() => {
              open(undefined);
              requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus());
            }}
          />
        )}
      </div>
      {rows.broken && (
        <div className="grid-problem" role="alert">
          <span>Some of the assets on screen could not be read.</span>
          <Button onClick={rows.retry}>Try again</Button>
        </div>
      )}
      {dialog === "new" && (
        <NewAsset
          place={place}
          onClose={() => setDialog(undefined)}
          onMade={({ id, name, change }) => {
            setDialog(undefined);
            void changes.made(name, change);
            open(id, "fields");
          }}
        />
      )}
      {dialog === "bulk" && (
        <BulkEdit
          count={selection.count}
          onClose={() => setDialog(undefined)}
          onSave={async (set) => {
            await changes.editMany(selected, set);
            setDialog(undefined);
            selection.none();
          }}
        />
      )}
      {dialog === "export" && (
        <ExportDialog place={place} listing={listing} columns={layout.columns} total={rows.exact ? total : undefined} onClose={() => setDialog(undefined)} />
      )}
      {changes.stale !== undefined && (
        <Conflict
          what={changes.stale.current.name}
          clashes={Object.entries(changes.stale.edit.set).map(([name, value]) => {
            const field = fieldOf(name);
            const theirs = field === undefined ? undefined : changes.stale?.current[field.name];
            return {
              field: name,
              label: field === undefined ? name : title(field),
              yours: field === undefined ? String(value) : cellText(field, value),
              theirs: field === undefined ? "" : cellText(field, theirs),
            };
          })}
          onChoose={changes.settle}
          onClose={changes.forgetStale}
        />
      )}
    </div>
  );
}
