import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { beginRun, cureRun, endRun, scenariosQuery, type Incident } from "../../api/diagnosis";
import { fromThrown, type Problem } from "../../api/problem";
import { useActions } from "../../app/actions";
import { Button } from "../../parts/Button";
import { NoRight } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { RunView } from "./RunView";
import { isLive, useRun } from "./useRun";
import "./lab.css";
import "./replay.css";

/** How long a cured step is looked at before the night goes on. */
const LOOK_MS = 2500;

/** The night from which the scenarios come: a timeline whose steps can be played, alone or one after another. */
export function ReplayPage() {
  const search = useSearch({ from: "/signed-in/replay" });
  const navigate = useNavigate();
  const known = useQuery(scenariosQuery);
  const watch = useRun(search.run);
  const [problem, setProblem] = useState<Problem>();
  const [all, setAll] = useState(false);
  const asked = useRef<string>(undefined);

  const incidents = known.data?.incidents ?? [];
  const titles = new Map(known.data?.scenarios.map(({ id, title }) => [id, title]));
  const at = Math.max(0, Number(search.step ?? 1) - 1);
  const current = incidents[at];
  const next = incidents.findIndex((incident, index) => index > at && incident.scenarios.length > 0);
  const show = (index: number, run?: string) =>
    void navigate({ to: "/replay", search: { step: String(index + 1), ...(run !== undefined && { run }) }, replace: true, resetScroll: false });

  const play = async (index: number, which = 0) => {
    const scenario = incidents[index]?.scenarios[which];
    if (scenario === undefined) return;
    setProblem(undefined);
    try {
      if (watch.run !== undefined && isLive(watch.run)) await endRun(watch.run.id);
      const run = await beginRun([scenario]);
      show(index, run.id);
    } catch (thrown) {
      setAll(false);
      setProblem(fromThrown(thrown));
    }
  };

  // One step after another: each is cured as soon as it is diagnosed, and looked at for a moment.
  const { run } = watch;
  const rest = (current?.scenarios.indexOf(run?.scenarios[0] ?? "") ?? -1) + 1;
  const goOn = () => {
    if (current !== undefined && rest > 0 && rest < current.scenarios.length) void play(at, rest);
    else if (next < 0) setAll(false);
    else void play(next);
  };
  const latest = useRef(goOn);
  useEffect(() => {
    latest.current = goOn;
  });
  const [id, state] = [run?.id, run?.state];
  useEffect(() => {
    if (!all || id === undefined) return;
    if (state === "diagnosed" && asked.current !== id) {
      asked.current = id;
      cureRun(id).catch((thrown: unknown) => {
        setAll(false);
        setProblem(fromThrown(thrown));
      });
    }
    if (state === "failed" || state === "cancelled") setAll(false); // eslint-disable-line react-hooks/set-state-in-effect -- the run is the outer system here
    if (state !== "done") return;
    const timer = setTimeout(() => latest.current(), LOOK_MS);
    return () => clearTimeout(timer);
  }, [all, id, state]);

  const first = incidents.findIndex(({ scenarios }) => scenarios.length > 0);
  const begin = () => {
    setAll(true);
    void play(current !== undefined && current.scenarios.length > 0 ? at : first);
  };
  useActions([
    { id: "replay.all", title: all ? "Stop the replay" : "Replay the night", group: "This page", icon: "history", shortcut: "n", when: known.data !== undefined, run: () => (all ? setAll(false) : begin()) },
    { id: "replay.step", title: "Play this step", group: "This page", icon: "flask", shortcut: "p", when: !all && (current?.scenarios.length ?? 0) > 0, run: () => void play(at) },
    { id: "replay.next", title: "Next step", group: "This page", icon: "forward", shortcut: "j", when: at + 1 < incidents.length, run: () => show(at + 1) },
    { id: "replay.before", title: "Step before", group: "This page", icon: "forward", shortcut: "k", when: at > 0, run: () => show(at - 1) },
  ]);

  if (known.isError) {
    const refused = fromThrown(known.error);
    if (refused.code === "permission.denied") {
      return (
        <NoRight what="the incident replay" whom="A platform administrator">
          <p className="quiet">{refused.nextStep}</p>
        </NoRight>
      );
    }
    return <ProblemView error={known.error} onRetry={() => void known.refetch()} />;
  }

  return (
    <div className="lab replay">
      <header className="page-head lab-head">
        <div>
          <h1>Incident replay</h1>
          <p className="quiet">One night of deploy failures, in its order and with its times. Each step can be played for real on a throw-away cluster.</p>
        </div>
        <Button look="primary" onClick={() => (all ? setAll(false) : begin())} aria-disabled={first < 0 || undefined}>
          <Icon name="history" />
          {all ? "Stop after this step" : "Replay the night"}
        </Button>
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
      <div className="replay-pair">
        <ol className="timeline" aria-label="The night" aria-busy={known.data === undefined}>
          {incidents.map((incident, index) => (
            <Step key={`${incident.at} ${incident.commit}`} incident={incident} open={index === at} playing={index === at && isLive(run)} onOpen={() => show(index)} />
          ))}
        </ol>
        <div className="replay-step">
          {current !== undefined && (
            <section aria-labelledby="step-title">
              <p className="replay-clock figures">{current.at}</p>
              <h2 id="step-title">{current.what}</h2>
              <p className="quiet">
                Commit <code>{current.commit}</code>
              </p>
              {current.scenarios.length === 0 ? (
                <p>There is nothing to play here: it is part of the story.</p>
              ) : (
                <>
                  <ul className="replay-scenarios">
                    {current.scenarios.map((id, which) => (
                      <li key={id}>
                        <Button busy={isLive(run) && run?.scenarios[0] === id} onClick={() => void play(at, which)} aria-label={`Play ${id}`}>
                          <Icon name="flask" />
                          Play
                        </Button>
                        <Link to="/lab" search={{ scenario: id }}>
                          {titles.get(id) ?? id}
                        </Link>
                      </li>
                    ))}
                  </ul>
                </>
              )}
            </section>
          )}
          {search.run !== undefined && (watch.error === undefined ? <RunView watch={watch} titles={titles} /> : <p role="status">{watch.error.detail}</p>)}
        </div>
      </div>
    </div>
  );
}

function Step({ incident, open, playing, onOpen }: { incident: Incident; open: boolean; playing: boolean; onOpen: () => void }) {
  return (
    <li data-open={open || undefined} data-playable={incident.scenarios.length > 0 || undefined} data-playing={playing || undefined}>
      <button type="button" aria-current={open ? "step" : undefined} onClick={onOpen}>
        <span className="figures timeline-at">{incident.at}</span>
        <span className="timeline-what">{incident.what}</span>
        {incident.scenarios.length === 0 && <span className="hidden">, nothing to play</span>}
      </button>
    </li>
  );
}
