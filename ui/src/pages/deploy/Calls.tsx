import type { Call } from "../../api/deploy";
import { Icon } from "../../parts/Icon";
import { Scroll } from "../../parts/Scroll";

type Answer = Call["answer"];

function AnswerCell({ answer }: { answer: Answer | null | undefined }) {
  if (answer === null || answer === undefined) return <span className="quiet">None needed</span>;
  return (
    <>
      <span className="figures">{answer.status}</span> {answer.says}
      <span className="list-note">
        {answer.allowed_origin === null || answer.allowed_origin === undefined ? "names no origin" : `for ${answer.allowed_origin}`}
      </span>
    </>
  );
}

/** What came of each call: over the wire, for the page, and in the consoles. */
export function Calls({ calls, of }: { calls: readonly Call[]; of: string }) {
  if (calls.length === 0) return null;
  return (
    <Scroll label={`Calls: ${of}`}>
      <table className="list calls">
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col">Preflight</th>
            <th scope="col">Request</th>
            <th scope="col">The page</th>
          </tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <tr key={call.title}>
              <th scope="row">{call.title}</th>
              <td>
                <AnswerCell answer={call.preflight} />
              </td>
              <td>
                <AnswerCell answer={call.answer} />
              </td>
              <td>
                <span className={call.readable ? "verdict" : "verdict verdict-bad"}>
                  <Icon name={call.readable ? "check" : "alert"} />
                  {call.readable ? "Gets the answer" : "Gets nothing"}
                </span>
                {!call.readable && call.executed && (
                  <span className="list-note">
                    {call.preflight === null || call.preflight === undefined ? "carried out all the same" : "carried out where a browser would stop"}
                  </span>
                )}
                {call.console.length > 0 && (
                  <details>
                    <summary>Consoles</summary>
                    <dl className="consoles">
                      {call.console.map((line) => (
                        <div key={line.browser}>
                          <dt>{line.browser}</dt>
                          <dd>{line.text}</dd>
                        </div>
                      ))}
                    </dl>
                  </details>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
