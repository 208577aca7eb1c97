import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { bootQuery } from "../api/queries";
import "./EnvironmentBadge.css";

/** Names data profile and environment by word and colour; leads to the stages of the last start. */
export function EnvironmentBadge() {
  const { data } = useQuery({ ...bootQuery, enabled: false });
  if (data === undefined) return null;
  return (
    <Link to="/boot" className="badge" data-profile={data.profile} title="How Drydock started">
      {data.profile.toUpperCase()} · {data.environment}
    </Link>
  );
}
