import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const READY = /^Drydock is ready at (http:\/\/127\.0\.0\.1:\d+)$/m;
const START_MS = 120_000;
const STOP_MS = 30_000;

/** A running `drydock serve`. */
export interface Served {
  url: string;
  /** Its data directory; the person's home directory is beside it. */
  data: string;
  home: string;
  stop: () => Promise<void>;
  /** Waits until it has ended by itself: with which exit code, and what it said. */
  ended: () => Promise<{ code: number | null; said: string }>;
}

/** Runs `drydock` with the given arguments and returns what it printed. */
export async function drydock(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(binary(), args);
  return stdout;
}

function binary(): string {
  const path = process.env["DRYDOCK_BIN"];
  if (path === undefined) throw new Error("Set DRYDOCK_BIN to the drydock binary to test.");
  return resolve(path);
}

/**
 * Starts `drydock serve` on a fresh data directory, seeded by `profile`, which stopping it removes; or `again`, at the address and on the
 * data directory of one that has ended.
 */
export async function start(profile = "demo", again?: Served): Promise<Served> {
  const ui = resolve(process.env["DRYDOCK_UI"] ?? join(import.meta.dirname, "../../ui/dist"));
  if (!existsSync(join(ui, "index.html"))) throw new Error(`There is no page in ${ui}; run npm run build in ui first.`);

  const home = again?.home ?? (await mkdtemp(join(tmpdir(), "drydock-e2e-")));
  const port = again === undefined ? "0" : new URL(again.url).port;
  const data = join(home, "data");
  // The server may run as an account of its own, which must reach the data through this.
  await chmod(home, 0o755);
  const child = spawn(binary(), ["serve", "--port", port, "--data-dir", data, "--ui", ui], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: home, DRYDOCK_PROFILE: profile },
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
      await rm(home, { recursive: true, force: true });
    }
  };

  try {
    const url = await Promise.race([
      ready,
      exit.then((code) => {
        throw new Error(`drydock ended with exit code ${code} before it was ready.`);
      }),
      late(START_MS, `drydock was not ready within ${START_MS} ms`),
    ]);
    const ended = async () => ({ code: await Promise.race([exit, late(STOP_MS, "drydock did not end")]), said });
    return { url, data, home, stop, ended };
  } catch (error) {
    child.kill("SIGTERM");
    await Promise.race([exit, late(STOP_MS, "")]).catch(() => child.kill("SIGKILL"));
    await rm(home, { recursive: true, force: true });
    throw new Error(`${error instanceof Error ? error.message : String(error)} It said:\n${said}`);
  }
}

/** Starts the one that all tests share which change nothing that another would see, unless one runs already. */
export default async function serve(): Promise<() => Promise<void>> {
  if (process.env["DRYDOCK_URL"] !== undefined) return () => Promise.resolve();
  const { url, stop } = await start();
  process.env["DRYDOCK_URL"] = url;
  return stop;
}
