import { defineConfig } from "@playwright/test";

const asked = (variable: string) => process.env[variable] !== undefined;

export default defineConfig({
  testDir: ".",
  testMatch: asked("SCREENSHOTS") ? "screenshots.ts" : asked("MEASURE_GRID") ? "grid.bench.ts" : "*.spec.ts",
  globalSetup: "./serve.ts",
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env["CI"] !== undefined,
  reporter: "list",
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    browserName: "chromium",
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        // Chromium refuses its sandbox as root, which is what containers run as.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
