import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const READY = /^Drydock is ready at (http:\/\/127\.0\.0\.1:\d+)$/m;
const START_MS = 120_000;
const STOP_MS = 30_000;

/** Starts `drydock serve` on a fresh data directory; what it returns stops it again and removes the directory. */
export default async function serve(): Promise<() => Promise<void>> {
  const binary = process.env["DRYDOCK_BIN"];
  if (binary === undefined) throw new Error("Set DRYDOCK_BIN to the drydock binary to test.");
  const ui = resolve(process.env["DRYDOCK_UI"] ?? join(import.meta.dirname, "../../ui/dist"));
  if (!existsSync(join(ui, "index.html"))) throw new Error(`There is no page in ${ui}; run npm run build in ui first.`);

  const data = await mkdtemp(join(tmpdir(), "drydock-e2e-"));
  const child = spawn(resolve(binary), ["serve", "--port", "0", "--data-dir", data, "--ui", ui], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const exit = new Promise<number | null>((done, fail) => {
    child.once("exit", (code) => done(code));
    child.once("error", fail);
  });

  const ready = new Promise<string>((done) => {
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const address = READY.exec(said)?.[1];
      if (address !== undefined) done(address);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  });
  const late = (ms: number, what: string) =>
    new Promise<never>((_, fail) => setTimeout(() => fail(new Error(what)), ms).unref());

  const stop = async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    try {
      const code = await Promise.race([exit, late(STOP_MS, `drydock did not stop within ${STOP_MS} ms of SIGTERM`)]);
      if (code !== 0) throw new Error(`drydock ended with exit code ${code}. It said:\n${said}`);
    } finally {
      if (child.exitCode === null) child.kill("SIGKILL");
      await rm(data, { recursive: true, force: true });
    }
  };

  try {
    process.env["DRYDOCK_URL"] = await Promise.race([
      ready,
      exit.then((code) => {
        throw new Error(`drydock ended with exit code ${code} before it was ready.`);
      }),
      late(START_MS, `drydock was not ready within ${START_MS} ms`),
    ]);
  } catch (error) {
    child.kill("SIGTERM");
    await Promise.race([exit, late(STOP_MS, "")]).catch(() => child.kill("SIGKILL"));
    await rm(data, { recursive: true, force: true });
    throw new Error(`${error instanceof Error ? error.message : String(error)} It said:\n${said}`);
  }
  return stop;
}
