import { type ReadableStream } from 'node:stream/web';

/** A refusal by the server, with what its problem document says. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(`${detail} (${code})`);
  }
}

type Sending = {
  readonly method?: 'GET' | 'POST';
  readonly body?: ReadableStream<Uint8Array> | string;
  readonly contentType?: string;
};

/** The gateway, as one API key sees it. */
export class Api {
  constructor(
    readonly url: string,
    private readonly key: string,
  ) {}

  async get<Answer>(path: string): Promise<Answer> {
    return (await (await this.send(path)).json()) as Answer;
  }

  async post<Answer>(path: string, sending: Omit<Sending, 'method'> = {}): Promise<Answer> {
    return (await (await this.send(path, { ...sending, method: 'POST' })).json()) as Answer;
  }

  /** Throws ApiProblem for any answer that is no success. */
  async send(path: string, { method = 'GET', body, contentType }: Sending = {}): Promise<Response> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: body as unknown, duplex: 'half' }),
    } as RequestInit);
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
    const { code = `http-${response.status}`, detail = response.statusText } = problem;
    throw new ApiProblem(response.status, code, detail);
  }
}
