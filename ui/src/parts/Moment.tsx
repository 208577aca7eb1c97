import { exactMoment, moment } from "../words";

/** A moment on the reader's clock; seconds and zone on hover. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exactMoment(at)} className="figures">
      {moment(at)}
    </time>
  );
}
