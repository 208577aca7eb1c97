import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Place } from "../../api/queries";
import { Button } from "../../parts/Button";
import { FormDialog } from "../../parts/Dialog";
import { Check, TextField } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { Icon } from "../../parts/Icon";
import { Menu, MenuHead, MenuItem, MenuLine } from "../../parts/Menu";
import { failure, useToast, useUndo } from "../../parts/Toast";
import { useForm } from "../../parts/useForm";
import { fromSearchText, searchText, type AssetSearch } from "./address";
import { changeView, createView, deleteView, viewsQuery, type SavedView, type ViewWords } from "./data";
import { readLayout, storeLayout, type Layout } from "./useLayout";

interface Props {
  place: Place;
  /** The address without what is open. */
  search: AssetSearch;
  layout: Layout;
  onOpen: (view: SavedView) => void;
}

const wordsOf = (view: SavedView): ViewWords => ({
  name: view.name,
  search: fromSearchText(view.query),
  layout: view.layout,
  isDefault: view.is_default,
});

/** Views under a name: filter, order, columns and density. */
export function ViewsMenu({ place, search, layout, onOpen }: Props) {
  const queries = useQueryClient();
  const say = useToast();
  const done = useUndo();
  const { data: views = [] } = useQuery(viewsQuery(place));
  const [saving, setSaving] = useState(false);
  const current = views.find(
    (view) => searchText(fromSearchText(view.query)) === searchText(search) && JSON.stringify(storeLayout(readLayout(view.layout))) === JSON.stringify(storeLayout(layout)),
  );

  const refresh = () => queries.invalidateQueries({ queryKey: viewsQuery(place).queryKey });
  const act = (what: string, work: () => Promise<unknown>) => {
    work()
      .then(refresh)
      .catch((thrown: unknown) => say(failure(thrown, what)));
  };
  const remove = (view: SavedView) =>
    act(`“${view.name}” was not deleted:`, async () => {
      await deleteView(place, view.id);
      done(`“${view.name}” deleted.`, async () => {
        await createView(place, wordsOf(view));
        await refresh();
      }, `“${view.name}” is back.`);
    });

  return (
    <>
      <Menu
        trigger={
          <Button className="filter" data-set={current !== undefined || undefined}>
            {current === undefined ? "Views" : current.name}
            <Icon name="chevron" />
          </Button>
        }
      >
        {views.length > 0 && <MenuHead>Open</MenuHead>}
        {views.map((view) => (
          <MenuItem key={view.id} onSelect={() => onOpen(view)}>
            <span className="menu-tick">{view === current && "✓"}</span>
            <span className="menu-label">{view.name}</span>
            {view.is_default && <span className="menu-note">Default</span>}
          </MenuItem>
        ))}
        {views.length > 0 && <MenuLine />}
        <MenuItem onSelect={() => setSaving(true)}>Save as a view…</MenuItem>
        {current !== undefined && (
          <>
            <MenuItem
              onSelect={() =>
                act(`“${current.name}” was not changed:`, () =>
                  changeView(place, current.id, { ...wordsOf(current), isDefault: !current.is_default }),
                )
              }
            >
              {current.is_default ? "Open the table without it" : "Open the table with it"}
            </MenuItem>
            <MenuItem onSelect={() => remove(current)}>Delete “{current.name}”</MenuItem>
          </>
        )}
        <MenuItem
          onSelect={() => {
            navigator.clipboard.writeText(location.href).then(
              () => say({ text: "Link copied." }),
              () => say({ text: "The link could not be copied.", bad: true }),
            );
          }}
        >
          Copy a link to this view
        </MenuItem>
      </Menu>
      {saving && (
        <SaveView
          onSave={async ({ name, isDefault }) => {
            const same = views.find((view) => view.name === name.trim());
            const view = { name, search, layout: storeLayout(layout), isDefault };
            if (same === undefined) await createView(place, view);
            else await changeView(place, same.id, view);
            await refresh();
            setSaving(false);
            say({ text: `“${name.trim()}” saved.` });
          }}
          taken={views.map((view) => view.name)}
          onClose={() => setSaving(false)}
        />
      )}
    </>
  );
}

interface SaveProps {
  onSave: (words: { name: string; isDefault: boolean }) => Promise<void>;
  taken: readonly string[];
  onClose: () => void;
}

function SaveView({ onSave, taken, onClose }: SaveProps) {
  const form = useForm({ initial: { name: "", isDefault: false }, send: onSave });
  return (
    <FormDialog
      open
      onOpen={(open) => open || onClose()}
      title="Save as a view"
      does={taken.includes(form.values.name.trim()) ? "Replace" : "Save"}
      busy={form.busy}
      onSubmit={form.submit}
    >
      <FormProblem problem={form.problem} />
      <TextField label="Name" maxLength={80} autoComplete="off" {...form.field("name")} hint="Keeps filter, search, order, columns and density." />
      <Check label="Open the table with it" checked={form.values.isDefault} onCheck={(on) => form.set("isDefault", on)} />
    </FormDialog>
  );
}
