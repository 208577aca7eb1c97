import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { beginRun, runsQuery, scenariosQuery, type Scenario } from "../../api/diagnosis";
import { fromThrown, type Problem } from "../../api/problem";
import { useActions } from "../../app/actions";
import { Button } from "../../parts/Button";
import { NoMatch, NoRight } from "../../parts/Empty";
import { SelectField, TextField } from "../../parts/Field";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { counted } from "../../words";
import { CommandBlock } from "../doctor/FindingCard";
import type { LabSearch } from "./routes";
import { RunView } from "./RunView";
import { useRun } from "./useRun";
import "./lab.css";

/** Scenarios that are played at a time. */
const MOST = 8;

/** Which scenarios fit what is asked for. */
export function matching(scenarios: readonly Scenario[], { q, stage, fidelity }: LabSearch): Scenario[] {
  const words = (q ?? "").toLowerCase().split(/\s+/).filter((word) => word !== "");
  return scenarios.filter((scenario) => {
    if (stage !== undefined && scenario.stage !== stage) return false;
    if (fidelity !== undefined && scenario.fidelity !== fidelity) return false;
    const text = `${scenario.id} ${scenario.title} ${scenario.cause}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Plays what breaks deployments on a throw-away cluster; for platform administrators. */
export function LabPage() {
  const search = useSearch({ from: "/signed-in/lab" });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const known = useQuery(scenariosQuery);
  const runs = useQuery(runsQuery);
  const watch = useRun(search.run);
  const [problem, setProblem] = useState<Problem>();
  const [beginning, setBeginning] = useState(false);
  const go = (change: LabSearch, replace = true) => void navigate({ to: "/lab", search: { ...search, ...change }, replace, resetScroll: false });

  const scenarios = known.data?.scenarios ?? [];
  const chosen = (search.chosen ?? "").split(",").filter((id) => scenarios.some((scenario) => scenario.id === id));
  const opened = scenarios.find(({ id }) => id === search.scenario);
  const found = matching(scenarios, search);
  const titles = new Map(scenarios.map(({ id, title }) => [id, title]));

  const play = async (ids: readonly string[]) => {
    if (beginning || ids.length === 0) return;
    setBeginning(true);
    setProblem(undefined);
    try {
      const run = await beginRun(ids);
      void queries.invalidateQueries({ queryKey: runsQuery.queryKey });
      await navigate({ to: "/lab", search: { ...search, run: run.id } });
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    } finally {
      setBeginning(false);
    }
  };
  const toPlay = chosen.length > 0 ? chosen : opened === undefined ? [] : [opened.id];
  useActions([
    {
      id: "lab.play",
      title: chosen.length > 1 ? "Play the chosen scenarios" : "Play the scenario",
      group: "This page",
      icon: "flask",
      shortcut: "p",
      when: search.run === undefined && toPlay.length > 0,
      run: () => void play(toPlay),
    },
    { id: "lab.list", title: "Back to the scenarios", group: "This page", icon: "flask", shortcut: "b", when: search.run !== undefined, run: () => go({ run: undefined }, false) },
  ]);

  if (known.isError) {
    const refused = fromThrown(known.error);
    if (refused.code === "permission.denied") {
      return (
        <NoRight what="the Deploy Lab" whom="A platform administrator">
          <p className="quiet">{refused.nextStep}</p>
        </NoRight>
      );
    }
    return <ProblemView error={known.error} onRetry={() => void known.refetch()} />;
  }

  if (search.run !== undefined) {
    return (
      <div className="lab">
        <header className="page-head lab-head">
          <h1>Deploy Lab</h1>
          <Button look="quiet" onClick={() => go({ run: undefined }, false)}>
            All scenarios
          </Button>
        </header>
        {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
        {watch.error !== undefined ? (
          <div className="empty" role="status">
            <h2>That run is no longer remembered</h2>
            <p>{watch.error.detail}</p>
            <p>Runs are remembered until Drydock ends, the latest ones only.</p>
          </div>
        ) : watch.run === undefined ? (
          <p className="quiet" role="status">
            Reading the run…
          </p>
        ) : (
          <RunView watch={watch} titles={titles} onAgain={() => void play(watch.run?.scenarios ?? [])} />
        )}
      </div>
    );
  }

  const stages = [...new Map(scenarios.map(({ stage, stage_title }) => [stage, stage_title]))];
  const toggle = (id: string) => {
    const next = chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-MOST);
    go({ chosen: next.length === 0 ? undefined : next.join(",") });
  };

  return (
    <div className="lab">
      <header className="page-head lab-head">
        <div>
          <h1>Deploy Lab</h1>
          <p className="quiet">Breaks a throw-away cluster the way deployments break, names the fault, cures it and proves it. Your data are not touched.</p>
        </div>
        <Button look="primary" busy={beginning} aria-disabled={toPlay.length === 0 || undefined} onClick={() => void play(toPlay)}>
          <Icon name="flask" />
          {chosen.length > 1 ? `Play ${chosen.length} at once` : "Play"}
        </Button>
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      <form className="lab-filters" role="search" aria-label="Filter the scenarios" onSubmit={(event) => event.preventDefault()}>
        <TextField label="Search" type="search" autoComplete="off" placeholder="Id, title or cause" value={search.q ?? ""} onText={(q) => go({ q: q === "" ? undefined : q })} />
        <SelectField
          label="Stage"
          value={search.stage ?? ""}
          onText={(stage) => go({ stage: stage === "" ? undefined : stage })}
          options={[{ value: "", label: "Any stage" }, ...stages.map(([value, title]) => ({ value, label: `${value}: ${title}` }))]}
        />
        <SelectField
          label="Fidelity"
          value={search.fidelity ?? ""}
          onText={(fidelity) => go({ fidelity: fidelity === "" ? undefined : fidelity })}
          options={[
            { value: "", label: "Live or quoted" },
            { value: "live", label: "Live" },
            { value: "transcript", label: "Transcript" },
          ]}
        />
      </form>
      <div className="lab-pair">
        <div className="lab-list" aria-busy={known.data === undefined}>
          <p className="quiet" role="status">
            {known.data === undefined ? "Reading the scenarios…" : `${counted(found.length, "scenario")}${chosen.length > 0 ? `, ${chosen.length} chosen` : ""}`}
          </p>
          {stages.map(([stage, title]) => {
            const own = found.filter((scenario) => scenario.stage === stage);
            if (own.length === 0) return null;
            return (
              <section key={stage} aria-label={`Scenarios of ${stage}`}>
                <h2>
                  {stage} <span className="quiet">{title}</span>
                </h2>
                <ul>
                  {own.map((scenario) => (
                    <li key={scenario.id} data-open={scenario.id === opened?.id || undefined}>
                      <input type="checkbox" checked={chosen.includes(scenario.id)} onChange={() => toggle(scenario.id)} aria-label={`Choose ${scenario.id}`} />
                      <button
                        type="button"
                        aria-pressed={scenario.id === opened?.id}
                        onClick={() => go({ scenario: scenario.id === opened?.id ? undefined : scenario.id })}
                        onDoubleClick={() => void play([scenario.id])}
                      >
                        <span>{scenario.title}</span>
                        <span className="quiet">
                          <code>{scenario.id}</code>
                          {scenario.fidelity === "transcript" && <span className="fidelity">transcript</span>}
                        </span>
                      </button>
                    </li>
                  ))}
                </ul>
              </section>
            );
          })}
          {known.data !== undefined && found.length === 0 && (
            <NoMatch title="No scenario matches" onClear={() => go({ q: undefined, stage: undefined, fidelity: undefined })}>
              <p>Nothing in the catalogue fits all the filters.</p>
            </NoMatch>
          )}
        </div>
        <aside className="lab-side" aria-label="The opened scenario">
          {opened === undefined ? (
            <>
              <h2>Latest runs</h2>
              {runs.data?.runs.length === 0 && <p className="quiet">Nothing has been played since Drydock was started. Choose a scenario and press P.</p>}
              <ul className="lab-runs">
                {runs.data?.runs.map((run) => (
                  <li key={run.id}>
                    <button type="button" onClick={() => go({ run: run.id }, false)}>
                      <span>{run.scenarios.join(" + ")}</span>
                      <span className="quiet">
                        {run.began_at != null && <Moment at={run.began_at} />} {run.state}
                        {run.proofs > 0 && `, ${run.holds} of ${run.proofs} proofs hold`}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            </>
          ) : (
            <Described scenario={opened} busy={beginning} onPlay={() => void play([opened.id])} />
          )}
        </aside>
      </div>
    </div>
  );
}

/** A scenario before it is played: what it is, and what is known about it. */
function Described({ scenario, busy, onPlay }: { scenario: Scenario; busy: boolean; onPlay: () => void }) {
  return (
    <article className="described">
      <p>
        <code>{scenario.id}</code>
      </p>
      <h2>{scenario.title}</h2>
      <p className="quiet">
        Breaks <strong>{scenario.stage}</strong>: {scenario.stage_title}.
      </p>
      <p>
        <span className="fidelity">{scenario.fidelity}</span> {scenario.fidelity_note}
      </p>
      <Button look="primary" busy={busy} onClick={onPlay}>
        Play it
      </Button>
      <h3>Cause</h3>
      <p>{scenario.cause}</p>
      <h3>Remedy</h3>
      <p>{scenario.remedy}</p>
      {scenario.commands.map((command) => (
        <CommandBlock key={`${command.language} ${command.text}`} command={command} />
      ))}
      <h3>Not this</h3>
      <p>{scenario.band_aid}</p>
      <p className="quiet">Known from: {scenario.source}</p>
    </article>
  );
}
