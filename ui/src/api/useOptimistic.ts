import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { failure, useToast } from "../parts/Toast";
import { fromThrown, type Problem } from "./problem";

interface Options<Input, Answer, Data> {
  /** Sends the change. */
  send: (input: Input) => Promise<Answer>;
  /** The beginning of the keys of what is shown: every query under it is changed at once. */
  key: QueryKey;
  /** What is shown as if the change had been made; unchanged where it does not concern these data. */
  change: (shown: Data, input: Input) => Data;
  /** How the failure begins: "“web-1” was not saved." */
  failed: (input: Input) => string;
  done?: (answer: Answer, input: Input) => void;
  /** Takes a 409 `conflict.stale`, mostly to show both values; without it, a conflict is told like any failure. */
  onConflict?: (problem: Problem, input: Input) => void;
}

/** The code of a change that was made to an older version than the one there is. */
export const STALE = "conflict.stale";

/**
 * A change that is seen at once. Where it fails, what was shown comes back and the reason is told; either way
 * the truth is read again afterwards.
 */
export function useOptimistic<Input, Answer, Data>(options: Options<Input, Answer, Data>) {
  const { send, key, change, failed, done, onConflict } = options;
  const queries = useQueryClient();
  const say = useToast();

  return useMutation({
    mutationFn: send,
    networkMode: "always",
    onMutate: async (input) => {
      // An answer on its way would bring the old values back.
      await queries.cancelQueries({ queryKey: key });
      const before = queries.getQueriesData<Data>({ queryKey: key });
      for (const [own, shown] of before) {
        if (shown !== undefined) queries.setQueryData<Data>(own, change(shown, input));
      }
      return before;
    },
    onSuccess: (answer, input) => done?.(answer, input),
    onError: (thrown, input, before) => {
      for (const [own, shown] of before ?? []) {
        // What has been dropped meanwhile, by a switch of client account for one, stays dropped.
        if (queries.getQueryState(own) !== undefined) queries.setQueryData(own, shown);
      }
      const problem = fromThrown(thrown);
      if (problem.code === STALE && onConflict !== undefined) onConflict(problem, input);
      else say(failure(problem, failed(input)));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
}
