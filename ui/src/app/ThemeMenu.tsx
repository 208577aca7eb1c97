import { useState } from "react";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Menu, MenuChoice } from "../parts/Menu";
import { chooseTheme, theme, THEMES, type Theme } from "../theme";

const NAMES: Record<Theme, string> = { system: "Like the system", light: "Light", dark: "Dark" };
const ICONS = { system: "system", light: "sun", dark: "moon" } as const;

/** Chooses between light, dark and what the desktop says. */
export function ThemeMenu() {
  const [chosen, setChosen] = useState(theme);
  const choose = (value: string) => {
    const next = THEMES.find((name) => name === value) ?? "system";
    chooseTheme(next);
    setChosen(next);
  };
  return (
    <Menu
      align="end"
      trigger={
        <Button look="quiet" className="button-icon" aria-label={`Theme: ${NAMES[chosen]}`} title="Theme">
          <Icon name={ICONS[chosen]} />
        </Button>
      }
    >
      <MenuChoice value={chosen} onChoose={choose} options={THEMES.map((value) => ({ value, label: NAMES[value] }))} />
    </Menu>
  );
}
