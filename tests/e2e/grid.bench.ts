import { writeFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expect, signIn, test, useToken } from "./fixtures";

/** `cargo xtask bench grid` runs this against a platform with a large client account and prints what it tells. */

const SECONDS = 10;
/** Rows in the document that are too many. */
const ROWS = 200;

type Samples = [name: string, values: number[]][];

interface Told {
  /** Frames that each whole second had. */
  frames: Samples;
  /** From one frame to the next, in ms. */
  intervals: Samples;
  /** From a click to what it is to show, in ms. */
  answers: Samples;
  notes: string[];
}

type Measured = typeof window & { frameTimes: number[]; run: number; rows: number };

/** The times of all frames while `work` goes on, and the most rows that the document had. */
async function frames(page: Page, work: () => Promise<unknown>) {
  await page.evaluate(() => {
    const here = window as Measured;
    here.frameTimes = [];
    here.run = (here.run ?? 0) + 1;
    const run = here.run;
    here.rows = 0;
    const next = (at: number) => {
      // One that was stopped may have a frame to come.
      if (here.run !== run) return;
      here.frameTimes.push(at);
      here.rows = Math.max(here.rows, document.querySelectorAll("[role=row]").length);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await work();
  return page.evaluate(() => {
    const here = window as Measured;
    here.run += 1;
    return { times: here.frameTimes, rows: here.rows };
  });
}

/** Clicks, and tells after how many ms the click was acknowledged and its rows were there. */
const sorted = (page: Page, title: string) =>
  page.evaluate(
    (name) =>
      new Promise<{ seen: number; rows: number }>((done, fail) => {
        // The grid of another order is another one, so its head is looked for anew.
        const find = () => [...document.querySelectorAll<HTMLElement>("[role=columnheader]")].find((one) => one.textContent?.startsWith(name));
        const head = find();
        if (head === undefined) {
          fail(new Error(`there is no column ${name}`));
          return;
        }
        const begun = performance.now();
        let seen: number | undefined;
        const look = () => {
          // Drawn together with the order: as long as it is there, the rows are those of the order before.
          const changing = document.querySelector(".grid-frame[data-changing]") !== null;
          if (seen === undefined && find()?.hasAttribute("aria-sort") === true) seen = performance.now() - begun;
          if (seen !== undefined && !changing) done({ seen, rows: performance.now() - begun });
          else requestAnimationFrame(look);
        };
        head.click();
        requestAnimationFrame(look);
      }),
    title,
  );

const settled = async (page: Page) => {
  await expect(page.locator(".grid-frame[data-changing]")).toHaveCount(0);
  await expect(page.locator(".grid .skeleton")).toHaveCount(0, { timeout: 30_000 });
};

test("the grid", async ({ page, request }) => {
  test.setTimeout(200_000);
  const told: Told = { frames: [], intervals: [], answers: [], notes: [] };
  const api = await signIn(request, { email: process.env["EMAIL"] ?? "", password: process.env["PASSWORD"] ?? "" });
  await useToken(page, api.token);
  const client = await api.client("Scale 001");
  const engagement = (await api.engagements(client.id))[0];
  if (engagement === undefined) throw new Error("it has no engagement");
  const path = `/clients/${client.id}/engagements/${engagement.id}`;
  await page.goto(`${path}/assets`);
  await settled(page);
  const grid = page.getByRole("grid", { name: "Assets" });
  await expect(grid).toHaveAttribute("aria-rowcount", String(engagement.asset_count + 1), { timeout: 30_000 });
  const box = await grid.boundingBox();
  if (box === null) throw new Error("the grid is nowhere");
  const middle = { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };

  let most = 0;
  const keep = async (name: string, work: () => Promise<unknown>) => {
    const { times, rows } = await frames(page, work);
    most = Math.max(most, rows);
    const first = times[0] ?? 0;
    const perSecond = new Map<number, number>();
    for (const time of times) {
      const second = Math.floor((time - first) / 1000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }
    // The last second is not whole.
    perSecond.delete(Math.max(...perSecond.keys()));
    told.frames.push([name, [...perSecond.values()]]);
    told.intervals.push([name, times.slice(1).map((time, index) => time - (times[index] ?? time))]);
  };
  const session = await page.context().newCDPSession(page);
  const scroll = (speed: number) =>
    session.send("Input.synthesizeScrollGesture", { ...middle, yDistance: -speed * SECONDS, speed, gestureSourceType: "mouse", preventFling: true });
  await keep("at rest", () => page.waitForTimeout(SECONDS * 1000));
  await keep("wheel, 1,000 px a second", () => scroll(1_000));
  await keep("wheel, 5,000 px a second", () => scroll(5_000));
  await keep("wheel, 20,000 px a second", () => scroll(20_000));
  await settled(page);
  await keep("scroll bar from top to end", () =>
    grid.evaluate(
      (scroller, ms) =>
        new Promise<void>((done) => {
          const begun = performance.now();
          const on = () => {
            const share = Math.min((performance.now() - begun) / ms, 1);
            scroller.scrollTop = share * (scroller.scrollHeight - scroller.clientHeight);
            if (share < 1) requestAnimationFrame(on);
            else done();
          };
          requestAnimationFrame(on);
        }),
      SECONDS * 1000,
    ),
  );
  await settled(page);
  expect(most).toBeLessThan(ROWS);
  told.notes.push(`At most ${most} rows were in the document at once.`);

  const jumps: number[] = [];
  for (const share of [0.1, 0.9, 0.3, 0.7, 0.5, 0.2, 0.8]) {
    jumps.push(
      await grid.evaluate(
        (scroller, at) =>
          new Promise<number>((done) => {
            const begun = performance.now();
            scroller.scrollTop = at * (scroller.scrollHeight - scroller.clientHeight);
            let waits = false;
            const look = () => {
              const empty = scroller.querySelector(".skeleton") !== null;
              waits ||= empty;
              if (waits && !empty) done(performance.now() - begun);
              else requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
          }),
        share,
      ),
    );
  }
  told.answers.push(["a jump by the scroll bar, rows", jumps]);

  const [seen, rows]: [number[], number[]] = [[], []];
  for (const title of ["Type", "Environment", "CPU", "Memory", "Operating system", "Department", "Status"]) {
    await page.goto(`${path}/assets`);
    await settled(page);
    if ((await page.getByRole("columnheader", { name: new RegExp(`^${title}`) }).count()) === 0) continue;
    const took = await sorted(page, title);
    seen.push(took.seen);
    rows.push(took.rows);
  }
  told.answers.push(["sort by a head, acknowledged", seen]);
  told.answers.push(["sort by a head, rows", rows]);

  // A figure of the overview and the list that it opens.
  const opened: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await page.goto(`${path}/overview`);
    const figure = page.getByRole("table", { name: "Environment" }).getByRole("link").nth(round % 4);
    await expect(figure).toBeVisible({ timeout: 30_000 });
    const begun = await page.evaluate(() => performance.now());
    await figure.click();
    await expect(page.locator('[role=row][aria-rowindex="2"] [role=gridcell]').nth(1)).not.toHaveText("");
    await settled(page);
    opened.push((await page.evaluate(() => performance.now())) - begun);
  }
  told.answers.push(["a figure of the overview, its list", opened]);

  await writeFile(process.env["MEASURE_GRID"] ?? "grid.json", JSON.stringify(told));
});
