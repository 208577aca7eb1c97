import { expect, test } from "vitest";
import { shared } from "./switching";

test("a page that every client account has is kept whole, one about a single thing leads to its list", () => {
  for (const [path, kept, whole] of [
    ["/clients/$clientId/engagements", "/clients/$clientId/engagements", true],
    ["/clients/$clientId/engagements/$engagementId/assets", "/clients/$clientId/engagements/$engagementId/assets", true],
    ["/clients/$clientId/engagements/$engagementId/assets/$assetId", "/clients/$clientId/engagements/$engagementId/assets", false],
    ["/clients/$clientId/members/$userId/edit", "/clients/$clientId/members", false],
  ] as const) {
    expect(shared(path)).toEqual({ path: kept, whole });
  }
});
