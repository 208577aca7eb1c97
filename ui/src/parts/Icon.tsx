const PATHS = {
  alert: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.5v.01",
  assets: "M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01",
  boot: "M8 1.5v5M4.5 3.5a5.5 5.5 0 1 0 7 0",
  check: "m3 8.5 3.5 3.5L13 4.5",
  chevron: "m5 6.5 3 3 3-3",
  close: "m4 4 8 8M12 4l-8 8",
  clients: "M2 14V3h7v11M9 6.5h5V14M1 14h14M4.5 6h2M4.5 8.5h2M4.5 11h2",
  copy: "M6 6h8v8H6zM10 3.5V2H2v8h1.5",
  data: "M2.5 4c0-1.4 2.5-2.5 5.5-2.5s5.5 1.1 5.5 2.5-2.5 2.5-5.5 2.5S2.5 5.4 2.5 4zM2.5 4v8c0 1.4 2.5 2.5 5.5 2.5s5.5-1.1 5.5-2.5V4M2.5 8c0 1.4 2.5 2.5 5.5 2.5s5.5-1.1 5.5-2.5",
  engagements: "M2 4.5h4l1.5 1.5H14v7H2z",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  eyeOff: "M2 2l12 12M6.5 3.7C7 3.600 7.5 3.5 8 3.5c4 0 6.5 4.5 6.5 4.5l-1.7 2.200M4 4.800A11 11 0 0 0 1.5 8S4 12.5 8 12.5c1.200 0 2.200-.4 3.200-1",
  file: "M8 10.5v-8M5 5.5l3-3 3 3M2.5 10.5v3h11v-3",
  key: "M10.5 2a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM8 8l-5.5 5.5M4.5 11.5l2 2M11 5.5h.01",
  more: "M2.5 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M7.5 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M12.5 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  out: "M6 2.5H2.5v11H6M10 5l3 3-3 3M13 8H6",
  overview: "M2 14h12M3.5 11.5v-4M8 11.5V3M12.5 11.5V6",
  plus: "M8 3v10M3 8h10",
  retry: "M13.5 8A5.5 5.5 0 1 1 11.5 3.800M11.5 1v3h-3",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5l3.5 3.5",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
  system: "M2 3h12v8H2zM6 14h4",
  undo: "M5.5 2.5 2.5 5.5l3 3M2.5 5.5h6.5a4.25 4.25 0 0 1 0 8.5H6",
} as const;

export type IconName = keyof typeof PATHS;

/** A 16 px line icon. It never stands alone for a meaning, so it is hidden from assistive technology. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
