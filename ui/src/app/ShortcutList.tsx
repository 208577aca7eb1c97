import { Dialog as Radix } from "radix-ui";
import { useState } from "react";
import { Button } from "../parts/Button";
import { useFocusReturn } from "../parts/Dialog";
import { Check } from "../parts/Field";
import { Keys } from "../parts/Keys";
import { GROUPS, singleKeys, useAllActions } from "./actions";

/** Every shortcut that works on this page, read from the actions themselves. */
export function ShortcutList({ onClose }: { onClose: () => void }) {
  const focus = useFocusReturn();
  const actions = useAllActions().filter((action) => action.shortcut !== undefined);
  const [letters, setLetters] = useState(singleKeys.on);

  const choose = (on: boolean) => {
    singleKeys.set(on);
    setLetters(on);
  };

  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil" data-modal />
        <Radix.Content className="dialog shortcuts" aria-describedby={undefined} {...focus}>
          <Radix.Title>Keyboard shortcuts</Radix.Title>
          <div className="shortcut-groups">
            {GROUPS.map((group) => {
              const own = actions.filter((action) => action.group === group);
              if (own.length === 0) return null;
              return (
                <section key={group} className="shortcut-group" aria-label={group}>
                  <h3>{group}</h3>
                  <ul>
                    {own.map(({ id, title, shortcut = "" }) => (
                      <li key={id} className="shortcut">
                        <span>{title}</span>
                        <Keys of={shortcut} />
                      </li>
                    ))}
                  </ul>
                </section>
              );
            })}
          </div>
          <Check
            label="Shortcuts of plain letters"
            hint="Switch them off if you speak your input; those with Ctrl or ⌘ stay."
            checked={letters}
            onCheck={choose}
          />
          <div className="dialog-actions">
            <Radix.Close asChild>
              <Button>Close</Button>
            </Radix.Close>
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
