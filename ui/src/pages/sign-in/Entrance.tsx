import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { bootQuery } from "../../api/queries";
import { EnvironmentBadge } from "../../app/EnvironmentBadge";
import { ThemeMenu } from "../../app/ThemeMenu";
import { WordMark } from "../../parts/Mark";
import "./sign-in.css";

/** The frame of the pages before one is in. */
export function Entrance({ children }: { children: ReactNode }) {
  const boot = useQuery({ ...bootQuery, enabled: false }).data;
  return (
    <div className="login">
      <header className="login-bar">
        <EnvironmentBadge />
        <ThemeMenu />
      </header>
      <main className="login-sheet" id="main">
        <WordMark size={40} water={1} />
        {children}
        {boot !== undefined && <p className="quiet login-foot">Drydock {boot.version}. Everything stays on this machine.</p>}
      </main>
    </div>
  );
}
