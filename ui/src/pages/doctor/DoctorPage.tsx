import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { examinationQuery, examine, scenariosQuery, type Examination, type NewExamination } from "../../api/diagnosis";
import { fromThrown, type Problem } from "../../api/problem";
import { useActions } from "../../app/actions";
import { NoRight } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { ProblemNotice } from "../../parts/Notice";
import { ProblemView } from "../../parts/ProblemView";
import { useToast } from "../../parts/Toast";
import { counted, duration } from "../../words";
import { DoctorForm } from "./DoctorForm";
import { FindingCard } from "./FindingCard";
import { ReportMenu } from "./ReportMenu";
import "./doctor.css";

/** Names what is wrong with a deployment; for platform administrators. */
export function DoctorPage() {
  const { examination: id } = useSearch({ from: "/signed-in/doctor" });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const say = useToast();
  // Whoever may not use the doctor may not list what it knows either.
  const known = useQuery(scenariosQuery);
  const shown = useQuery({ ...examinationQuery(id ?? ""), enabled: id !== undefined });
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);

  const run = async (what: NewExamination) => {
    const own = new AbortController();
    stop.current = own;
    setBusy(true);
    setProblem(undefined);
    try {
      const found = await examine(what, own.signal);
      queries.setQueryData(examinationQuery(found.id).queryKey, found);
      await navigate({ to: "/doctor", search: { examination: found.id }, resetScroll: false });
    } catch (thrown) {
      if (own.signal.aborted) say({ text: "Cancelled. Nothing was changed." });
      else setProblem(fromThrown(thrown));
    } finally {
      setBusy(false);
    }
  };
  useActions([
    {
      id: "doctor.own",
      title: "Examine Drydock's own database",
      group: "This page",
      icon: "stethoscope",
      shortcut: "e",
      when: !busy && known.data !== undefined,
      run: () => void run({ own: true, revisions: [] }),
    },
  ]);

  if (known.isError) {
    const refused = fromThrown(known.error);
    if (refused.code === "permission.denied") {
      return (
        <NoRight what="what is wrong with deployments" whom="A platform administrator">
          <p className="quiet">{refused.nextStep}</p>
        </NoRight>
      );
    }
    return <ProblemView error={known.error} onRetry={() => void known.refetch()} />;
  }

  return (
    <div className="doctor">
      <header className="page-head">
        <h1>Doctor</h1>
        <p className="quiet">
          Looks at a database, an API, variables and revisions, changes nothing, and names what is wrong
          {known.data !== undefined && ` out of ${counted(known.data.scenarios.length, "known fault")}`}.
        </p>
      </header>
      <div className="doctor-pair">
        <DoctorForm busy={busy} problem={problem} onExamine={(what) => void run(what)} onCancel={() => stop.current?.abort()} />
        <div className="doctor-result" aria-busy={busy}>
          {busy && (
            <p className="doctor-busy" role="status">
              <span className="spinner" aria-hidden="true" /> Looking. A database that does not answer is waited for some seconds.
            </p>
          )}
          {problem !== undefined && problem.fields.length === 0 && <ProblemNotice problem={problem} onClose={() => setProblem(undefined)} />}
          {problem !== undefined && problem.fields.length > 0 && (
            <p className="field-problem" role="alert">
              {problem.detail}
            </p>
          )}
          {!busy && shown.isError && (
            <div className="empty" role="status">
              <h2>That examination is no longer remembered</h2>
              <p>{fromThrown(shown.error).detail} Examine again.</p>
            </div>
          )}
          {!busy && shown.data !== undefined && <Result examination={shown.data} />}
          {!busy && id === undefined && problem === undefined && (
            <div className="empty">
              <Icon name="stethoscope" />
              <h2>Nothing looked at yet</h2>
              <p>Choose what to look at, then “Examine”. Press E for Drydock&apos;s own database.</p>
            </div>
          )}
        </div>
      </div>
    </div>
  );
}

function Result({ examination }: { examination: Examination }) {
  const { findings, looked_at, could_not, elapsed_ms, at, id } = examination;
  const blind = looked_at.length === 0;
  return (
    <>
      <div className="doctor-summary">
        <div role="status">
          <h2>{findings.length > 0 ? counted(findings.length, "finding") : blind ? "Could not look" : "No findings"}</h2>
          <p className="quiet">
            <Moment at={at} />, {duration(elapsed_ms)}
          </p>
        </div>
        <ReportMenu what={{ examination: id }} offered />
      </div>
      {looked_at.length > 0 && (
        <section className="doctor-looked">
          <h3>Looked at</h3>
          <ul>
            {looked_at.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
      )}
      {could_not.length > 0 && (
        <section className="doctor-could-not" role="alert">
          <h3>Could not be looked at</h3>
          <ul>
            {could_not.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
      )}
      {findings.map((finding) => (
        <FindingCard key={finding.id} finding={finding}>
          {findings.length > 1 && <ReportMenu what={{ examination: id, finding: finding.id }} />}
        </FindingCard>
      ))}
      {findings.length === 0 && !blind && <p>Nothing is known to be wrong with what was looked at.</p>}
    </>
  );
}
