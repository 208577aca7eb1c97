import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { meQuery, signOut } from "../api/queries";
import { session } from "../api/session";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Menu, MenuHead, MenuItem, MenuLine } from "../parts/Menu";
import { roleName } from "../roles";
import { useRun } from "./actions";
import { ChangePassword } from "./ChangePassword";
import "./UserMenu.css";

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  return letters.map((word) => word?.charAt(0) ?? "").join("").toUpperCase();
}

/** Who is signed in, their password, and the way out. */
export function UserMenu() {
  const navigate = useNavigate();
  const run = useRun();
  const queries = useQueryClient();
  const me = useQuery(meQuery).data?.user;
  const [changing, setChanging] = useState(false);

  const leave = async () => {
    try {
      await signOut();
    } catch {
      // The session may be over already, or the platform gone: this side forgets it all the same.
    }
    session.end();
    await navigate({ to: "/login" });
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "boot" && queryKey[0] !== "demo-accounts" });
  };

  return (
    <>
      <Menu
        align="end"
        trigger={
          <Button look="quiet" className="user" aria-label={me === undefined ? "Account" : `Account: ${me.full_name}`}>
            <span className="avatar" aria-hidden="true">
              {me === undefined ? "" : initials(me.full_name)}
            </span>
          </Button>
        }
      >
        {me !== undefined && (
          <MenuHead>
            <span className="user-name">{me.full_name}</span>
            <span>{me.email}</span>
            <span>{roleName(me.role_type)}</span>
          </MenuHead>
        )}
        <MenuLine />
        <MenuItem onSelect={() => void navigate({ to: "/clients" })}>
          <Icon name="clients" />
          Client accounts
        </MenuItem>
        <MenuItem onSelect={() => run("shortcuts")}>
          <Icon name="keyboard" />
          Keyboard shortcuts
        </MenuItem>
        <MenuItem onSelect={() => void navigate({ to: "/boot" })}>
          <Icon name="boot" />
          Last start
        </MenuItem>
        <MenuLine />
        <MenuItem onSelect={() => void navigate({ to: "/account" })}>
          <Icon name="person" />
          My account
        </MenuItem>
        <MenuItem onSelect={() => setChanging(true)} disabled={me === undefined}>
          <Icon name="key" />
          Change password
        </MenuItem>
        <MenuItem onSelect={() => void leave()}>
          <Icon name="out" />
          Sign out
        </MenuItem>
      </Menu>
      {changing && me !== undefined && <ChangePassword email={me.email} onClose={() => setChanging(false)} />}
    </>
  );
}
