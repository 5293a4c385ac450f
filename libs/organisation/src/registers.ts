import { type RecordedEvent, type Register } from '@faultline/kernel';
import { type Person, personDecider, type PersonEvent } from './domain/person.decider';
import { type Service, serviceDecider, type ServiceEvent } from './domain/service.decider';
import { type Team, teamDecider, type TeamEvent } from './domain/team.decider';

/** Where the stream of a registered thing ends. */
export type Recorded = { readonly revision: number; readonly position: string };

type Fold<State> = (state: State | undefined, event: RecordedEvent) => State;

/** Things by key, folded from the streams of one prefix. */
abstract class KeyedRegister<State extends object> implements Register {
  readonly streamPrefixes: readonly string[];
  private readonly items = new Map<string, State & Recorded>();

  protected constructor(
    private readonly prefix: string,
    private readonly fold: Fold<State>,
  ) {
    this.streamPrefixes = [prefix];
  }

  apply(event: RecordedEvent): void {
    const key = event.stream.slice(this.prefix.length);
    const before = this.items.get(key);
    const { revision, position } = event;
    const item = { ...this.fold(before, event), revision, position };
    this.items.set(key, item);
    this.indexed(key, before, item);
  }

  get(key: string): (State & Recorded) | undefined {
    return this.items.get(key);
  }

  has(key: string): boolean {
    return this.items.has(key);
  }

  /** Everything registered, in the order of keys. */
  all(): readonly (State & Recorded)[] {
    return [...this.items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  }

  /** Told of each change, for look-ups by something else than the key. */
  protected indexed(_key: string, _before: State | undefined, _after: State): void {
    // Most registers are asked by key only.
  }
}

/** A team that exists. */
export type RegisteredTeam = Team & { readonly key: string };

/** Teams by key. */
export class TeamRegister extends KeyedRegister<RegisteredTeam> {
  constructor() {
    super('team-', (state, event) => {
      const next = teamDecider.evolve(state ?? teamDecider.initialState(), event as unknown as TeamEvent, event);
      return { ...next, key: next.key ?? event.stream.slice('team-'.length) };
    });
  }
}

/** A service that exists. */
export type RegisteredService = Service & { readonly key: string };

/** Services by key. */
export class ServiceRegister extends KeyedRegister<RegisteredService> {
  constructor() {
    super('service-', (state, event) => {
      const next = serviceDecider.evolve(
        state ?? serviceDecider.initialState(),
        event as unknown as ServiceEvent,
        event,
      );
      return { ...next, key: next.key ?? event.stream.slice('service-'.length) };
    });
  }
}

/** A person who exists. */
export type RegisteredPerson = Person & { readonly id: string };

/** Persons by id, e-mail address and telephone number. */
export class PersonRegister extends KeyedRegister<RegisteredPerson> {
  private readonly emails = new Map<string, string>();
  private readonly phones = new Map<string, string>();

  constructor() {
    super('person-', (state, event) => {
      const next = personDecider.evolve(state ?? personDecider.initialState(), event as unknown as PersonEvent, event);
      return { ...next, id: next.id ?? event.stream.slice('person-'.length) };
    });
  }

  /** The id behind a normalised address. */
  byEmail(email: string): string | undefined {
    return this.emails.get(email);
  }

  /** The id behind a normalised number. */
  byPhone(phone: string): string | undefined {
    return this.phones.get(phone);
  }

  protected override indexed(id: string, before: RegisteredPerson | undefined, after: RegisteredPerson): void {
    reindex(this.emails, id, before?.email, after.email);
    reindex(this.phones, id, before?.phone, after.phone);
  }
}

function reindex(
  index: Map<string, string>,
  id: string,
  before: string | null | undefined,
  after: string | null,
): void {
  if (before === after) return;
  if (before && index.get(before) === id) index.delete(before);
  if (after !== null && !index.has(after)) index.set(after, id);
}
