import { expect, test as base, type APIRequestContext, type Page } from "@playwright/test";

export { expect };

export const ADMIN = { email: "chocka@gmail.com", password: "Password123!" };
export const VIEWER = { email: "viewer@demo-corp.com", password: "Demo123!" };

export interface Engagement {
  id: string;
  name: string;
  asset_count: number;
}

export interface Client {
  id: string;
  name: string;
  asset_count: number;
  engagement_count: number;
}

export interface Overview {
  totals: { assets: number };
  by_type: { value: string | null; count: number }[];
  by_environment: { value: string | null; count: number }[];
  by_criticality: { value: string | null; count: number }[];
  by_status: { value: string | null; count: number }[];
}

/** The API as seen by one signed-in user, for what a test expects to find on the page. */
export class Api {
  constructor(
    readonly request: APIRequestContext,
    readonly token: string,
  ) {}

  private async get<T>(path: string, headers: Record<string, string> = {}): Promise<T> {
    const answer = await this.request.get(path, { headers: { authorization: `Bearer ${this.token}`, ...headers } });
    expect(answer.status(), path).toBe(200);
    return (await answer.json()) as T;
  }

  async clients(): Promise<Client[]> {
    return (await this.get<{ clients: Client[] }>("/api/v1/context/clients")).clients;
  }

  async client(name: string): Promise<Client> {
    const found = (await this.clients()).find((client) => client.name === name);
    if (found === undefined) throw new Error(`no client account ${name}`);
    return found;
  }

  async engagements(clientId: string): Promise<Engagement[]> {
    return (await this.get<{ engagements: Engagement[] }>(`/api/v1/context/clients/${clientId}/engagements`)).engagements;
  }

  async overview(clientId: string, engagementId: string): Promise<Overview> {
    return this.get("/api/v1/overview", { "x-client-account-id": clientId, "x-engagement-id": engagementId });
  }
}

export async function signIn(request: APIRequestContext, who = ADMIN): Promise<Api> {
  const answer = await request.post("/api/v1/auth/login", { data: who });
  expect(answer.status()).toBe(200);
  const { token } = (await answer.json()) as { token: { access_token: string } };
  return new Api(request, token.access_token);
}

/** Puts a token where the page looks for it, before the page's own script runs. */
export async function useToken(page: Page, token: string) {
  await page.addInitScript((value) => {
    // Once only: a sign-out must stay one.
    if (sessionStorage.getItem("e2e") !== null) return;
    sessionStorage.setItem("e2e", "signed in");
    sessionStorage.setItem("drydock.token", value);
  }, token);
}

export const envelope = (status: number, code: string, title: string, detail: string, next_step: string) => ({
  status,
  contentType: "application/json",
  body: JSON.stringify({ code, status, title, detail, next_step, fields: [], request_id: "e2e-request" }),
});

interface Fixtures {
  /** Texts that may appear in the console: for tests that break a page on purpose. */
  expectedErrors: RegExp | undefined;
  /** The API with the platform admin's session; the page is signed in with the same one. */
  api: Api;
  /** Demo Corporation and its first engagement. */
  place: { client: Client; engagement: Engagement; path: string };
}

export const test = base.extend<Fixtures>({
  baseURL: async ({}, use) => {
    await use(process.env["DRYDOCK_URL"]);
  },

  expectedErrors: [undefined, { option: true }],

  page: async ({ page, expectedErrors }, use) => {
    // As in the window, where prototypes are frozen.
    await page.addInitScript(() => Object.freeze(Object.prototype));
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => {
      if (message.type() !== "error" || message.text().startsWith("Failed to load resource")) return;
      wrong.push(message.text());
    });
    await use(page);
    const unexpected = wrong.filter((text) => expectedErrors?.test(text) !== true);
    expect(unexpected, "errors in the page, refusals of the content policy among them").toEqual([]);
  },

  api: async ({ page, request }, use) => {
    const api = await signIn(request);
    await useToken(page, api.token);
    await use(api);
  },

  place: async ({ api }, use) => {
    const client = await api.client("Demo Corporation");
    const engagement = (await api.engagements(client.id))[0];
    if (engagement === undefined) throw new Error("Demo Corporation has no engagement");
    await use({ client, engagement, path: `/clients/${client.id}/engagements/${engagement.id}` });
  },
});
