import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  server: {
    // Start `drydock serve --port 8420` beside it, or name another address.
    proxy: { "/api": process.env["DRYDOCK_API"] ?? "http://127.0.0.1:8420" },
  },
  build: {
    target: ["chrome120", "safari18"],
    // The policy allows no script from data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    environment: "jsdom",
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
    // Whole pages are rendered, often while something else compiles.
    testTimeout: 20_000,
  },
});
