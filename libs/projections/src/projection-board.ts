import { type ReadDocument, type ReadStore } from '@faultline/read-store';
import { type RebuildProgress } from './rebuild';

/** What the owner of a model tells the other processes about it. */
export type BoardEntry = {
  readonly version: number;
  readonly rebuild: RebuildProgress | null;
  /** Why the owner's pump stopped by itself; null while it runs. */
  readonly failure: string | null;
};

type EntryDocument = ReadDocument & BoardEntry;

const entries = 'projection-board';
const requests = 'projection-requests';
const answers = 'projection-answers';
const stampDigits = 15;

/** Instants as text of fixed width, which is what guards these documents: the later note wins. */
const stampOf = (now: number): string => String(now).padStart(stampDigits, '0');

/** How processes that share the models hear of each other: what the owners tell, and which rebuilds are asked for. */
export class ProjectionBoard {
  constructor(private readonly store: ReadStore) {}

  async open(): Promise<void> {
    for (const name of [entries, requests, answers]) await this.store.ensureCollection({ name, indexes: [] });
  }

  async tell(model: string, entry: BoardEntry, now: number): Promise<void> {
    const document: EntryDocument = { _id: model, position: stampOf(now), ...entry };
    await this.store.write(entries, [{ kind: 'put', document }]);
  }

  async entry(model: string): Promise<BoardEntry | undefined> {
    return this.store.get<EntryDocument>(entries, model);
  }

  /** Asks whoever owns the model to rebuild it. */
  async request(model: string, now: number): Promise<void> {
    const position = stampOf(Math.max(now, Number(await this.answered(model)) + 1));
    await this.store.write(requests, [{ kind: 'put', document: { _id: model, position } }]);
  }

  /** Says that the request with this stamp was carried out, and with it all that came before. A note of an owner that was replaced changes nothing. */
  async answer(model: string, stamp: string): Promise<void> {
    await this.store.write(answers, [{ kind: 'put', document: { _id: model, position: stamp } }]);
  }

  /** The stamp of the request that was carried out last; empty where none was. */
  async answered(model: string): Promise<string> {
    return (await this.store.get(answers, model))?.position ?? '';
  }

  /** The last request for a rebuild of the model that was not carried out yet: its stamp, and when it was made. */
  async pending(model: string): Promise<{ readonly stamp: string; readonly at: number } | undefined> {
    const [request, answered] = await Promise.all([this.store.get(requests, model), this.answered(model)]);
    if (!request || request.position <= answered) return undefined;
    return { stamp: request.position, at: Number(request.position) };
  }
}
