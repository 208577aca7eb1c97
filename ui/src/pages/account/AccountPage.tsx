import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { profileQuery } from "../../api/account";
import { ChangePassword } from "../../app/ChangePassword";
import { Button } from "../../parts/Button";
import { ProblemView } from "../../parts/ProblemView";
import { Skeleton } from "../../parts/Skeleton";
import { ProfileForm } from "./ProfileForm";
import { SessionList } from "./SessionList";
import "./account.css";

/** One's own profile, password and sessions. */
export function AccountPage() {
  const profile = useQuery(profileQuery);
  const [changing, setChanging] = useState(false);

  if (profile.isError) return <ProblemView error={profile.error} onRetry={() => void profile.refetch()} />;

  return (
    <div className="account">
      <header className="page-head">
        <h1>My account</h1>
        <p className="quiet">{profile.data === undefined ? <Skeleton width="16rem" /> : `You sign in as ${profile.data.email}.`}</p>
      </header>
      <section aria-labelledby="profile-title">
        <h2 id="profile-title">Profile</h2>
        {profile.data === undefined ? <Skeleton width="20rem" /> : <ProfileForm profile={profile.data} />}
      </section>
      <section aria-labelledby="password-title">
        <h2 id="password-title">Password</h2>
        <p className="quiet">Changing it ends every session but this one.</p>
        <Button onClick={() => setChanging(true)} aria-disabled={profile.data === undefined || undefined}>
          Change password
        </Button>
        {changing && profile.data !== undefined && <ChangePassword email={profile.data.email} onClose={() => setChanging(false)} />}
      </section>
      <SessionList />
    </div>
  );
}
