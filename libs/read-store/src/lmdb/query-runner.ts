import { type FindOptions, type Group, type GroupOptions, type ReadDocument } from '../read-store.port';
import { narrow } from './candidates';
import { sortComponent, sortKeyMaker, tailStart } from './entry-keys';
import { type EntryReader, Pause } from './entry-reader';
import { Grouping } from './grouping';
import { type IndexPlan } from './index-plan';
import { cursorOf, orderedKeys } from './ordered-entries';
import { keyValuesAt } from './paths';
import { coversAll, isBounded, orderedPlan, prepareQuery, type Query } from './query-plan';
import { TopDocuments } from './top-documents';

/** So many documents are read in vain before other indexes are asked which ones can match. */
const walkedBlindly = 500;
/** So many candidates are read and sorted rather than met one by one in the order of an index. */
const readAtOnce = 2_000;

const afterKey = ({ sort }: Query, after: readonly unknown[]): Buffer =>
  Buffer.concat(sort.map(([, direction], field) => sortComponent(keyValuesAt(after[field], []).values, direction)));

/** Answers queries on one collection as it was when the reader was made. Long scans let the event loop breathe. */
export class QueryRunner {
  private readonly pause = new Pause();

  constructor(private readonly reader: EntryReader) {}

  async find(options: FindOptions): Promise<ReadDocument[]> {
    const query = prepareQuery(this.reader.collection, options.filter, options.sort);
    const walk = orderedPlan(query);
    const alternatives = query.plans.filter((plan) => plan !== walk && isBounded(plan));
    const isWorthwhile = walk && (isBounded(walk) || alternatives.length === 0 || options.limit !== undefined);
    return (isWorthwhile && (await this.walk(query, walk, options))) || this.collect(query, options);
  }

  async count(filter: FindOptions['filter']): Promise<number> {
    const query = prepareQuery(this.reader.collection, filter);
    // Where a field holds arrays, a document has several entries.
    const exact = query.plans.find((plan) => plan.index.arrays.length === 0 && coversAll(plan, query.filter));
    if (exact) return this.countEntries(exact);
    const candidates = await narrow(this.reader, query, this.pause);
    if (candidates?.exact) return candidates.tails.size;
    let count = 0;
    await this.visit(query, candidates?.tails, () => {
      count += 1;
    });
    return count;
  }

  async group(options: GroupOptions): Promise<Group[]> {
    const query = prepareQuery(this.reader.collection, options.filter);
    const grouping = new Grouping(options);
    const candidates = await narrow(this.reader, query, this.pause);
    await this.visit(query, candidates?.tails, (document) => {
      grouping.add(document);
    });
    return grouping.groups();
  }

  private countEntries(plan: IndexPlan): number {
    return plan.intervals.reduce((sum, interval) => sum + this.reader.count(plan.index, interval), 0);
  }

  /** Meets documents in the order of an index; undefined if it turned out that few candidates had better be read at once. */
  private async walk(query: Query, plan: IndexPlan, options: FindOptions): Promise<ReadDocument[] | undefined> {
    const { limit = Infinity, after } = options;
    const { filter, sort } = query;
    const certain = coversAll(plan, filter);
    const cursor = after && cursorOf(plan, filter.conditions, sort, after);
    const seen = plan.index.arrays.length > 0 ? new Set<string>() : undefined;
    const found: ReadDocument[] = [];
    let candidates: ReadonlySet<string> | undefined;
    let read = 0;
    if (limit <= 0) return found;
    for (const key of orderedKeys(this.reader, plan, cursor)) {
      if (this.pause.due()) await this.pause.take();
      const start = tailStart(key);
      if (candidates && !candidates.has(key.toString('latin1', start))) continue;
      if (seen && isRepeated(seen, key.toString('latin1', start))) continue;
      const document = this.reader.document(key.subarray(start));
      if (document && (certain || filter.test(document)) && found.push(document) >= limit) break;
      read += 1;
      if (certain || read !== walkedBlindly) continue;
      candidates = (await narrow(this.reader, query, this.pause, plan))?.tails;
      if (candidates && candidates.size <= readAtOnce) return undefined;
    }
    return found;
  }

  /** Reads every candidate and sorts. */
  private async collect(query: Query, { limit, after }: FindOptions): Promise<ReadDocument[]> {
    const top = new TopDocuments<ReadDocument>(sortKeyMaker(query.sort), limit, after && afterKey(query, after));
    const candidates = await narrow(this.reader, query, this.pause);
    await this.visit(query, candidates?.tails, (document) => {
      top.add(document);
    });
    return top.list();
  }

  private async visit(
    { filter }: Query,
    tails: ReadonlySet<string> | undefined,
    visitor: (document: ReadDocument) => void,
  ): Promise<void> {
    const documents = tails ? this.documentsOf(tails) : this.reader.documents();
    for (const document of documents) {
      if (filter.test(document)) visitor(document);
      if (this.pause.due()) await this.pause.take();
    }
  }

  private *documentsOf(tails: ReadonlySet<string>): Iterable<ReadDocument> {
    for (const tail of tails) {
      const document = this.reader.document(Buffer.from(tail, 'latin1'));
      if (document) yield document;
    }
  }
}

function isRepeated(seen: Set<string>, id: string): boolean {
  if (seen.has(id)) return true;
  seen.add(id);
  return false;
}
