import { Inject, Injectable } from '@nestjs/common';
import { CatalogRegister, type CategoryRef } from '@faultline/catalog';
import { type CommandEnvelope } from '@faultline/commands';
import { type ImportedIncident } from '@faultline/imports';
import { DomainError, randomId } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { personIdFor, PersonRegister, ServiceRegister, TeamRegister } from '@faultline/organisation';
import { KEY_STORE } from '../platform/tokens';
import { RegisterCommands } from '../registers/register-commands';

type Origin = Omit<CommandEnvelope, 'commandId'>;

/** The longest name that becomes a register entry, in bytes of UTF-8: some of them name streams, and keys of a store are short. */
const longestName = 1_000;

/** How many categories go into one append: even with the longest names it stays below what the store takes. */
const categoriesPerAppend = 100;

/** Creates, once, what imported incidents name and the registers do not know. */
@Injectable()
export class ImportedRegisters {
  /** Created by this process and perhaps not folded into the registers yet. */
  private readonly created = new Set<string>();

  constructor(
    @Inject(TeamRegister) private readonly teams: TeamRegister,
    @Inject(ServiceRegister) private readonly services: ServiceRegister,
    @Inject(PersonRegister) private readonly persons: PersonRegister,
    @Inject(CatalogRegister) private readonly catalog: CatalogRegister,
    @Inject(RegisterCommands) private readonly commands: RegisterCommands,
    @Inject(KEY_STORE) private readonly keys: KeyStore,
  ) {}

  /** Answers the incidents that name something which cannot be registered, with the reason. */
  async ensure(batch: readonly ImportedIncident[], origin: Origin): Promise<ReadonlyMap<ImportedIncident, string>> {
    const refused = new Map<ImportedIncident, string>();
    const accepted = batch.filter((incident) => {
      const name = namesOf(incident).find((each) => Buffer.byteLength(each) > longestName);
      if (name === undefined) return true;
      refused.set(incident, `It names something in more than ${longestName} bytes: "${name.slice(0, 60)}…"`);
      return false;
    });
    const tasks = new Map<string, () => Promise<unknown>>();
    const categories = new Map<string, CategoryRef>();
    for (const incident of accepted) {
      this.collect(incident, { tasks, origin });
      for (const [category, subcategory] of incident.names.categories) {
        const mark = JSON.stringify(['category', category, subcategory]);
        if (this.catalog.lists(category, subcategory) || this.created.has(mark)) continue;
        categories.set(mark, { category, subcategory });
      }
    }
    await this.keys.ensureKeys(this.newPersons(accepted));
    const failures = await this.carryOut(tasks);
    await this.addCategories(categories, origin);
    if (failures.size > 0) for (const incident of accepted) this.refuse(incident, failures, refused);
    return refused;
  }

  private async addCategories(categories: ReadonlyMap<string, CategoryRef>, origin: Origin): Promise<void> {
    const all = [...categories.values()];
    for (let start = 0; start < all.length; start += categoriesPerAppend) {
      const some = all.slice(start, start + categoriesPerAppend);
      await this.commands.catalog({ type: 'AddCategories', categories: some }, stamped(origin));
    }
    for (const mark of categories.keys()) this.created.add(mark);
  }

  private newPersons(batch: readonly ImportedIncident[]): string[] {
    const ids = batch.flatMap(({ names }) => names.persons.map((name) => this.personId(name)));
    return [...new Set(ids)].filter((id) => !this.persons.has(id) && !this.created.has(`person ${id}`));
  }

  private personId(name: string): string {
    return personIdFor(this.keys.installationSecret, 'import', name);
  }

  private collect(
    { names }: ImportedIncident,
    { tasks, origin }: { tasks: Map<string, () => Promise<unknown>>; origin: Origin },
  ): void {
    for (const { key, tier } of names.teams) {
      const create = () => this.commands.team(key, { type: 'CreateTeam', key, name: key, tier }, stamped(origin));
      this.plan(tasks, `team ${key}`, this.teams.has(key), create);
    }
    for (const key of names.services) {
      const create = () => this.commands.service(key, { type: 'CreateService', key, name: key }, stamped(origin));
      this.plan(tasks, `service ${key}`, this.services.has(key), create);
    }
    for (const name of names.persons) {
      const id = this.personId(name);
      const create = () => this.commands.person(id, { type: 'RegisterPerson', id, name }, stamped(origin));
      this.plan(tasks, `person ${id}`, this.persons.has(id), create);
    }
  }

  private plan(
    tasks: Map<string, () => Promise<unknown>>,
    mark: string,
    known: boolean,
    create: () => Promise<unknown>,
  ): void {
    if (!known && !this.created.has(mark)) tasks.set(mark, create);
  }

  private async carryOut(tasks: ReadonlyMap<string, () => Promise<unknown>>): Promise<ReadonlyMap<string, string>> {
    const failures = new Map<string, string>();
    const carry = async ([mark, create]: readonly [string, () => Promise<unknown>]) => {
      try {
        await create();
        this.created.add(mark);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        if (error.code.endsWith('.exists')) this.created.add(mark);
        else failures.set(mark, error.message);
      }
    };
    await Promise.all([...tasks].map(carry));
    return failures;
  }

  private refuse(
    incident: ImportedIncident,
    failures: ReadonlyMap<string, string>,
    refused: Map<ImportedIncident, string>,
  ): void {
    const marks = [
      ...incident.names.teams.map(({ key }) => `team ${key}`),
      ...incident.names.services.map((key) => `service ${key}`),
    ];
    const mark = marks.find((candidate) => failures.has(candidate));
    if (mark !== undefined) refused.set(incident, `The ${mark} cannot be registered: ${failures.get(mark) ?? ''}`);
  }
}

const namesOf = ({ names }: ImportedIncident): readonly string[] => [
  ...names.teams.map(({ key }) => key),
  ...names.services,
  ...names.persons,
  ...names.categories.flat().filter((name) => name !== null),
];

/** Every register command of an import is a command of its own, also after a restart. */
const stamped = (origin: Origin): CommandEnvelope => ({ ...origin, commandId: randomId() });
