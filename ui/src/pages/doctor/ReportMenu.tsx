import { useMutation } from "@tanstack/react-query";
import { saveReport, type Reported, type ReportFormat } from "../../api/diagnosis";
import { useActions } from "../../app/actions";
import { Button } from "../../parts/Button";
import { failure, useToast } from "../../parts/Toast";

interface Props {
  what: Reported;
  /** Whether the palette offers it, too: for the report of what a page shows, not for one of many. */
  offered?: boolean;
}

/** Saves a report into the folder of downloads, as Markdown or as one HTML file. */
export function ReportMenu({ what, offered = false }: Props) {
  const say = useToast();
  const saving = useMutation({
    mutationFn: (format: ReportFormat) => saveReport(what, format),
    onSuccess: (path) => say({ text: `The report is ${path}` }),
    onError: (thrown) => say(failure(thrown, "The report was not written:")),
  });
  useActions(
    (["md", "html"] as const).map((format) => ({
      id: `report.${format}`,
      title: format === "md" ? "Save the report as Markdown" : "Save the report as HTML",
      group: "This page",
      icon: "file",
      when: offered,
      run: () => saving.mutate(format),
    })),
  );
  return (
    <div className="report-menu">
      <Button busy={saving.isPending && saving.variables === "md"} onClick={() => saving.mutate("md")} aria-label="Save the report as Markdown">
        Report .md
      </Button>
      <Button busy={saving.isPending && saving.variables === "html"} onClick={() => saving.mutate("html")} aria-label="Save the report as HTML">
        .html
      </Button>
    </div>
  );
}
