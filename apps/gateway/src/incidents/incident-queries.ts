import { Inject, Injectable } from '@nestjs/common';
import { incidentIdOf } from '@faultline/incidents';
import { isUuid, notFound, type RecordedEvent } from '@faultline/kernel';
import { incidentProjection, type IncidentDocument } from '@faultline/read-models';
import { type Filter, type ReadStore, type Sort, versionedName } from '@faultline/read-store';
import { badCursor, decodeCursor, encodeCursor, type QueryReader, type RawQuery } from '../http/query';
import { READ_SIDE, READ_STORE } from '../platform/tokens';
import { type IdPage, type ReadSide } from '@faultline/read-side';
import { type AsOf, type HistoryCursor, IncidentHistory, incidentNotFound } from './incident-history';
import { IncidentPresenter, type IncidentAnswer, type IncidentListItem } from './incident-presenter';

/** One page of a listing. */
export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

const sortable = ['loggedAt', 'updatedAt', 'priority', 'number', 'state', 'team', 'resolvedAt'] as const;
export const sortNames = sortable.flatMap((name) => [name, `-${name}`] as const);

/** Sorts that have a declared index beside the filters people use. */
const sorts: Readonly<Record<string, Sort>> = {
  priority: [
    ['priority', 1],
    ['loggedAt', 1],
  ],
};

type ListCursor = { readonly v: number; readonly s: string; readonly k: readonly unknown[] };

const isListCursor = (value: unknown): value is ListCursor =>
  typeof value === 'object' && value !== null && 'v' in value && 's' in value && 'k' in value && Array.isArray(value.k);

/** Everything that one can ask about incidents. */
@Injectable()
export class IncidentQueries {
  constructor(
    @Inject(READ_STORE) private readonly store: ReadStore,
    @Inject(READ_SIDE) private readonly readSide: ReadSide,
    @Inject(IncidentHistory) private readonly history: IncidentHistory,
    @Inject(IncidentPresenter) private readonly presenter: IncidentPresenter,
  ) {}

  /** One incident as it was, by its events. Throws `incident.not-found`, `incident.no-such-revision`. */
  async past(idOrNumber: string, until: AsOf): Promise<IncidentAnswer> {
    const { revision, asOf, asKnownAt } = until;
    const document = await this.history.fold(this.history.idOf(idOrNumber), until);
    if (!document) throw incidentNotFound(idOrNumber);
    // Together with an instant the earlier of the two decides; alone, a revision has to be there.
    if (asOf === undefined && asKnownAt === undefined && document.revision < (revision ?? 0)) {
      throw notFound('incident.no-such-revision', `Its last revision is ${document.revision}`, { revision });
    }
    return this.presenter.incident(document);
  }

  /** A page of incidents by filter and sort, stable under inserts. */
  async list(filter: Filter, query: QueryReader, more: { defaultSort: string }): Promise<Page<IncidentListItem>> {
    const limit = query.limit();
    const name = query.oneOf('sort', sortNames) ?? more.defaultSort;
    const cursor = decodeCursor(query.one('cursor'));
    if (cursor !== undefined && (!isListCursor(cursor) || cursor.s !== name)) throw badCursor();
    const live = await this.store.liveVersion(incidentProjection.name);
    const sort = sortOf(name);
    // A cursor names the version it was made for; documents and order are the same in every version.
    const documents = await this.store.find<IncidentDocument>(versionedName(incidentProjection.name, live), {
      filter,
      sort,
      limit: limit + 1,
      ...(cursor ? { after: cursor.k } : {}),
    });
    const page = documents.slice(0, limit);
    const last = page.at(-1);
    const more_ = documents.length > limit && last;
    const nextCursor = more_
      ? encodeCursor({ v: live, s: name, k: [...sort.map(([path]) => valueAt(last, path)), last._id] })
      : null;
    return { items: page.map((document) => this.presenter.listItem(document)), nextCursor };
  }

  /** The incidents that a page of ids names, as they are, or as they were at `asOf`. */
  async byIds({ ids, nextCursor }: IdPage, asOf: string | undefined): Promise<Page<IncidentListItem>> {
    const documents = asOf === undefined ? await this.current(ids) : await this.pastOf(ids, asOf);
    return { items: documents.map((document) => this.presenter.listItem(document)), nextCursor };
  }

  /** A page of incidents as of an instant of business time. */
  async listAsOf(raw: RawQuery, asOf: string): Promise<Page<IncidentListItem>> {
    const query = Object.fromEntries(
      Object.entries(raw).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined),
    );
    return this.byIds(await this.readSide.incidentsAsOf(query), asOf);
  }

  /** A page of history, in the order of positions. Throws `incident.not-found`. */
  async historyPage(idOrNumber: string, limit: number, text: string | undefined) {
    const id = this.history.idOf(idOrNumber);
    let cursor = historyCursor(text);
    const events: RecordedEvent[] = [];
    let nextCursor: string | null = null;
    for await (const event of this.history.merged(id, cursor)) {
      if (events.length === limit) {
        nextCursor = encodeCursor(cursor);
        break;
      }
      events.push(event);
      cursor = this.history.advance(cursor, event);
    }
    if (events.length === 0 && text === undefined) throw incidentNotFound(idOrNumber);
    return { items: events.map((event) => this.presenter.event(event)), nextCursor };
  }

  /** What changed between two revisions: each field of the incident that differs, and the events between. */
  async diff(idOrNumber: string, from: number, to: number) {
    const id = isUuid(idOrNumber) ? idOrNumber : incidentIdOf(idOrNumber);
    const [before, after] = await Promise.all([
      this.past(idOrNumber, { revision: from }),
      this.past(idOrNumber, { revision: to }),
    ]);
    const events = [];
    for await (const event of this.history.own(id)) {
      if (event.revision > Math.max(from, to)) break;
      if (event.revision > Math.min(from, to)) events.push(this.presenter.event(event));
    }
    return { id, from: before.revision, to: after.revision, changes: changes(before, after), events };
  }

  private async current(ids: readonly string[]): Promise<IncidentDocument[]> {
    const live = await this.store.liveVersion(incidentProjection.name);
    const found = await this.store.getMany<IncidentDocument>(versionedName(incidentProjection.name, live), ids);
    const byId = new Map(found.map((document) => [document._id, document]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  private async pastOf(ids: readonly string[], asOf: string): Promise<IncidentDocument[]> {
    const documents = await Promise.all(ids.map((id) => this.history.fold(id, { asOf })));
    return documents.filter((document) => document !== undefined);
  }
}

function sortOf(name: string): Sort {
  const known = sorts[name];
  if (known) return known;
  return name.startsWith('-') ? [[name.slice(1), -1]] : [[name, 1]];
}

const valueAt = (document: object, path: string): unknown => (document as Readonly<Record<string, unknown>>)[path];

function historyCursor(text: string | undefined): HistoryCursor {
  const cursor = decodeCursor(text);
  if (cursor === undefined) return [0, 0, 0];
  if (!Array.isArray(cursor) || !cursor.every((revision) => Number.isSafeInteger(revision))) throw badCursor();
  return cursor as HistoryCursor;
}

/** The fields in which two answers differ, but for those that differ after every event. */
export function changes(before: object, after: object) {
  const derived = new Set(['revision', 'position', 'updatedAt']);
  return Object.keys(after)
    .filter((field) => !derived.has(field))
    .map((field) => ({ field, from: valueAt(before, field) ?? null, to: valueAt(after, field) ?? null }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}
