import { useEffect, useState, type ReactNode } from "react";
import { BootPage } from "../pages/boot/BootPage";
import { useBoot } from "./useBoot";

/** A boot that is already over answers within this time; showing its page would only flicker. */
const FLASH_MS = 250;

/** Shows the boot until the platform is ready, and the application from then on. */
export function BootGate({ children }: { children: ReactNode }) {
  const { boot, lost, retry } = useBoot();
  const [waited, setWaited] = useState(false);
  const ready = boot?.state === "ready";

  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), FLASH_MS);
    return () => clearTimeout(timer);
  }, []);

  useEffect(() => {
    if (ready) return;
    document.title = boot?.state === "failed" ? "Could not start — Drydock" : "Starting — Drydock";
  }, [ready, boot?.state]);

  if (ready) return children;
  if (boot === undefined && !waited && !lost) return null;
  return <BootPage boot={boot} lost={lost} onRetry={retry} />;
}
