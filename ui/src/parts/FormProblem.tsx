import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { ProblemWords } from "./Notice";

/** Why a form was refused, above its fields. */
export function FormProblem({ problem, children }: { problem: Problem | undefined; children?: ReactNode }) {
  if (problem === undefined) return null;
  return (
    <div className="form-problem" role="alert">
      <ProblemWords problem={problem} />
      {children}
    </div>
  );
}
