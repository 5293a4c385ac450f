import { type Assignment, type IncidentEvent, type IncidentLogged, isOpen, type LinkType } from '@faultline/incidents';
import { deriveId, toInstant } from '@faultline/kernel';
import { type ImportedEvent, type ImportedIncident } from './import-format';
import { NameCollector } from './name-collector';
import { isMove, moveEvent, type Standing } from './state-move';

/** Where in the file, when and by whom: `actor` is a name, null if the row names none. */
export type RowStamp = { readonly at: number; readonly actor: string | null; readonly line: number };

/** What the rows of an incident add up to, for comparison with what the other tool stamped on them. */
export type Totals = {
  readonly reassignments: number;
  readonly reopens: number;
  /** The last move into resolved or closed from a state that is neither, null while it is neither: when (ms) and by whom (name). */
  readonly resolved: { readonly at: number; readonly by: string | null } | null;
  readonly closedAt: number | null;
};

/** The actor of what nobody is named for. */
export const unknownPerson = 'unknown';

const isOver = ({ state }: Standing): boolean => state === 'resolved' || state === 'closed';

/** Collects the events of one incident while its rows are read in order, and keeps what the next row is compared with. */
export class HistoryBuilder {
  readonly names: NameCollector;
  assignment: Assignment = { team: null, tier: null, agent: null };
  standing: Standing = { state: 'new', holdReason: null };
  totals: Totals = { reassignments: 0, reopens: 0, resolved: null, closedAt: null };
  private readonly events: ImportedEvent[] = [];
  private readonly links = new Set<string>();
  private stamp: RowStamp = { at: 0, actor: null, line: 0 };
  private occurredAt = toInstant(0);
  private before = 0;
  private lastEnd = -1;

  constructor(
    private readonly number: string,
    personId: (name: string) => string,
  ) {
    this.names = new NameCollector(personId);
  }

  /** The row that the following events come from. */
  beginRow(stamp: RowStamp): void {
    this.stamp = stamp;
    this.occurredAt = toInstant(stamp.at);
    this.before = this.events.length;
    if (stamp.actor !== null) this.names.person(stamp.actor);
  }

  /** How many events the row has yielded since it was begun. */
  get eventsOfRow(): number {
    return this.events.length - this.before;
  }

  logged(facts: Omit<IncidentLogged['data'], LoggedDefaults>): void {
    const nothing = { title: null, description: null, startedAt: null, externalKey: null };
    this.names.service(facts.service);
    this.names.category(facts.category, facts.subcategory);
    this.emit({ type: 'IncidentLogged', data: { number: this.number, state: 'new', ...nothing, ...facts } });
  }

  emit(event: IncidentEvent): void {
    const { actor, line } = this.stamp;
    this.events.push({ event, occurredAt: this.occurredAt, actor, line });
  }

  /** Records the assignment, if it is another one. */
  assign(to: Assignment): void {
    const from = this.assignment;
    if (from.team === to.team && from.tier === to.tier && from.agent === to.agent) return;
    this.setAssignment(to);
    this.emit({ type: 'Assigned', data: { from, to, state: this.standing.state } });
  }

  /** Records the step from the tier and team of `from` to those of `to` as a functional escalation, or the opposite of one. */
  changeTier(from: Assignment, to: Assignment): void {
    const type = (to.tier ?? 0) > (from.tier ?? 0) ? 'Escalated' : 'Deescalated';
    const ends = {
      from: { tier: from.tier, team: from.team, person: null },
      to: { tier: to.tier, team: to.team, person: null },
    };
    this.setAssignment({ ...this.assignment, team: to.team, tier: to.tier });
    this.emit({
      type,
      data: { kind: 'functional', ...ends, reason: null, trigger: 'import', state: this.standing.state },
    });
  }

  /** Records the link, unless it exists. */
  link(type: LinkType, target: string): void {
    const id = deriveId('link', type, target);
    if (this.links.has(id)) return;
    this.links.add(id);
    this.emit({ type: 'Linked', data: { id, type, target } });
  }

  /** Records the move to a state, if it is one; `after` is the assignment that the event itself brings about. */
  move(to: Standing, after: Assignment = this.assignment): void {
    const from = this.standing;
    if (!isMove(from, to)) return;
    const by = this.stamp.actor === null ? unknownPerson : this.names.person(this.stamp.actor);
    const event = moveEvent(from, to, { by, before: this.assignment, after });
    if (event.type === 'Resolved' || event.type === 'Closed') this.lastEnd = this.events.length;
    this.count(from, to);
    this.emit(event);
    this.standing = to;
    this.assignment = after;
  }

  /** Leaves a trace of a row that says nothing that is modelled. */
  trace(columns: readonly string[]): void {
    this.emit({ type: 'UpdateImported', data: { columns } });
  }

  /** The incident; the last move to resolved or closed gets the code. */
  build(endCode: string | null, differences: Readonly<Record<string, number>>): ImportedIncident {
    const { number, events, lastEnd } = this;
    const last = events[lastEnd];
    const { event } = last ?? {};
    if (last && endCode !== null && (event?.type === 'Resolved' || event?.type === 'Closed')) {
      events[lastEnd] = { ...last, event: withCode(event, endCode) };
    }
    return { number, events, names: this.names.collected(), differences };
  }

  private setAssignment(to: Assignment): void {
    const { team } = this.assignment;
    if (to.team !== null) {
      // Unknown never replaces a known team, so the current one is the last known.
      if (team !== null && team !== to.team)
        this.totals = { ...this.totals, reassignments: this.totals.reassignments + 1 };
      this.names.team(to.team, to.tier);
    }
    this.assignment = to;
  }

  private count(from: Standing, to: Standing): void {
    const { at, actor } = this.stamp;
    const resolved = isOver(to) ? (isOver(from) ? this.totals.resolved : { at, by: actor }) : null;
    const reopens = this.totals.reopens + (!isOpen(from.state) && isOpen(to.state) ? 1 : 0);
    this.totals = { ...this.totals, reopens, resolved, closedAt: to.state === 'closed' ? at : null };
  }
}

type LoggedDefaults = 'number' | 'state' | 'title' | 'description' | 'startedAt' | 'externalKey';

const withCode = (event: Extract<IncidentEvent, { type: 'Resolved' | 'Closed' }>, code: string): IncidentEvent =>
  event.type === 'Resolved'
    ? { type: 'Resolved', data: { ...event.data, code } }
    : { type: 'Closed', data: { ...event.data, code } };
