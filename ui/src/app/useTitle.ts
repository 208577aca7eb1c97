import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { bootQuery } from "../api/queries";

/** Names the page in the window title: "Assets · Demo Corporation · DEMO — Drydock". */
export function useTitle(...parts: (string | undefined)[]) {
  const boot = useQuery({ ...bootQuery, enabled: false });
  const profile = boot.data?.profile.toUpperCase();
  const title = `${[...parts, profile].filter((part) => part !== undefined).join(" · ")} — Drydock`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return title;
}
