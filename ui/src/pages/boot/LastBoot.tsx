import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { bootQuery } from "../../api/queries";
import { useTitle } from "../../app/useTitle";
import { Button } from "../../parts/Button";
import { BootPage } from "./BootPage";

/** The boot page looked at afterwards. */
export function LastBoot() {
  const { data, isError, refetch } = useQuery(bootQuery);
  const router = useRouter();
  useTitle("Last start");
  const back = () => {
    if (router.history.canGoBack()) router.history.back();
    else void router.navigate({ to: "/" });
  };
  return (
    <BootPage boot={data} lost={isError} onRetry={() => void refetch()}>
      <Button look="primary" onClick={back}>
        Back to Drydock
      </Button>
    </BootPage>
  );
}
