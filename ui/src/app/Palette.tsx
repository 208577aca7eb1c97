import { Dialog as Radix } from "radix-ui";
import { useFocusReturn } from "../parts/Dialog";
import { Finder, type FinderItem } from "../parts/Finder";
import { Icon } from "../parts/Icon";
import { Keys } from "../parts/Keys";
import { GROUPS, useAllActions, type Action } from "./actions";
import "./Palette.css";

/** The shortcut that opens it; in a window of its own so that it can close it too. */
export const PALETTE_KEYS = "mod+k";

function item({ id, title, group, icon, shortcut, words, note }: Action): FinderItem {
  return {
    id,
    name: title,
    group,
    words,
    icon: <Icon name={icon ?? "forward"} />,
    ...((shortcut ?? note) !== undefined && { note: shortcut === undefined ? note : <Keys of={shortcut} /> }),
  };
}

/** All actions there are now, to be found by typing. */
export function Palette({ onClose }: { onClose: () => void }) {
  const focus = useFocusReturn();
  const actions = useAllActions().filter((action) => action.keysOnly !== true);
  const items = GROUPS.flatMap((group) => actions.filter((action) => action.group === group)).map(item);

  const choose = (id: string) => {
    onClose();
    actions.find((action) => action.id === id)?.run();
  };

  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil" data-modal />
        <Radix.Content
          className="pop palette"
          aria-describedby={undefined}
          {...focus}
          onKeyDown={(event) => {
            if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            onClose();
          }}
        >
          <Radix.Title className="hidden">Actions</Radix.Title>
          <Finder what="a page or an action" items={items} onChoose={choose} beside={<kbd>Esc</kbd>} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
