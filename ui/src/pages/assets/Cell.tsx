import type { Asset } from "../../api/queries";
import { exactMoment, figure, label, moment, NOT_RECORDED } from "../../words";
import { isFigure, isWords, type Field } from "./fields";

/** What stands where nothing is recorded. */
export const Missing = () => (
  <span className="missing">
    <span aria-hidden="true">–</span>
    <span className="hidden">{NOT_RECORDED}</span>
  </span>
);

/** The value of one field, as a list shows it. */
export function Cell({ field, asset }: { field: Field; asset: Asset }) {
  const value = asset[field.name];
  if (value == null || value === "") return <Missing />;
  if (isFigure(field)) return figure(Number(value));
  if (field.kind === "moment") {
    return (
      <time dateTime={String(value)} title={exactMoment(String(value))}>
        {moment(String(value))}
      </time>
    );
  }
  if (isWords(field)) return label(String(value));
  return <span title={String(value)}>{value}</span>;
}
