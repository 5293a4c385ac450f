import { adminKey } from './server-process';

/** An answer of the gateway. */
export type Answer<Body> = { readonly status: number; readonly body: Body; readonly headers: Headers };

/** Asks a server over HTTP, as the administrator. Rejects only where there is no answer. */
export class ApiClient {
  constructor(
    private readonly url: string,
    private readonly key = adminKey,
  ) {}

  get<Body>(path: string): Promise<Answer<Body>> {
    return this.ask<Body>(path, {});
  }

  post<Body>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer<Body>> {
    const content = { 'content-type': 'application/json', ...headers };
    return this.ask<Body>(path, { method: 'POST', headers: content, body: JSON.stringify(body) });
  }

  /** Uploads a file as a whole; answers the id of its import. */
  async import(format: string, file: Uint8Array): Promise<string> {
    const path = `/v1/imports?format=${format}`;
    const headers = { 'content-type': 'text/csv' };
    const { status, body } = await this.ask<{ importId: string }>(path, { method: 'POST', headers, body: file });
    if (status !== 202) throw new Error(`The import was refused: ${JSON.stringify(body)}`);
    return body.importId;
  }

  private async ask<Body>(path: string, init: RequestInit): Promise<Answer<Body>> {
    const headers = { authorization: `Bearer ${this.key}`, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    return { status: response.status, body: (await response.json()) as Body, headers: response.headers };
  }
}
