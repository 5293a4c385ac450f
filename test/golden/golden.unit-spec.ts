import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogDecider } from '@faultline/catalog';
import { importDecider } from '@faultline/imports';
import { bulkDecider, externalKeyDecider, incidentDecider, numbersDecider } from '@faultline/incidents';
import {
  type Decider,
  type DomainEvent,
  type Json,
  type JsonObject,
  type RecordedEvent,
  replaceFields,
  upcast,
} from '@faultline/kernel';
import {
  personDecider,
  personEventSchemas,
  serviceDecider,
  serviceEventSchemas,
  teamDecider,
} from '@faultline/organisation';
import { eventSchemas, schemasByContext } from '@faultline/read-side';
import { apiKeyDecider } from '@faultline/security';
import { envelopeAt } from '../support/decider-specification';

// Stored events are never edited. Each file is one as some version has written it, in clear text: a change of code that cannot read it any
// more fails here. A new version adds a file and an upcaster; no file is ever changed.

type Golden = { readonly type: string; readonly schemaVersion: number; readonly data: JsonObject };

const golden = readdirSync(__dirname)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...(JSON.parse(readFileSync(join(__dirname, name), 'utf8')) as Golden) }));

const organisation = (type: string) =>
  type in personEventSchemas ? personDecider : type in serviceEventSchemas ? serviceDecider : teamDecider;

const deciders: Readonly<Record<string, (type: string) => unknown>> = {
  incidents: () => incidentDecider,
  numbers: () => numbersDecider,
  externalKeys: () => externalKeyDecider,
  bulks: () => bulkDecider,
  organisation,
  catalog: () => catalogDecider,
  security: () => apiKeyDecider,
  imports: () => importDecider,
};

const contextOf = (type: string): string =>
  Object.entries(schemasByContext).find(([, schemas]) => type in schemas)?.[0] ?? 'none';

const recorded = ({ type, schemaVersion, data }: Golden): RecordedEvent => {
  const envelope = envelopeAt(0);
  return { ...envelope, type, data, stream: 'golden-1', metadata: { ...envelope.metadata, schemaVersion } };
};

test('every stored type belongs to one context', () => {
  const types = Object.values(schemasByContext).flatMap((schemas) => Object.keys(schemas));
  expect(types.filter((type, index) => types.indexOf(type) !== index)).toEqual([]);
  expect(Object.keys(eventSchemas).sort()).toEqual([...types].sort());
});

test('there is an event of every version of every stored type, and of no other', () => {
  const expected = Object.entries(eventSchemas).flatMap(([type, { version }]) =>
    Array.from({ length: version }, (_, index) => `${type}.v${index + 1}.json`),
  );
  expect(golden.map(({ name }) => name).sort()).toEqual(expected.sort());
  for (const { name, type, schemaVersion } of golden) expect(name).toBe(`${type}.v${schemaVersion}.json`);
});

test.each(golden)('$name folds', (each) => {
  const event = upcast(recorded(each), eventSchemas);
  const decider = deciders[contextOf(each.type)]?.(each.type) as Decider<unknown, unknown, DomainEvent, unknown>;
  const before = decider.initialState();
  const after = decider.evolve(before, event, envelopeAt(0));
  // Of these, nothing is left where nothing was there before.
  if (!/Retired$|Reinstated$|Unlinked|Removed$|Cleared$|PolicyChanged/.test(each.type))
    expect(after).not.toEqual(before);
});

test('the personal fields that a type names are where it says', () => {
  const never = Object.entries(eventSchemas).flatMap(([type, { personal = [] }]) =>
    personal
      .filter((path) => !golden.some((each) => each.type === type && reaches(each.data, path)))
      .map((path) => `${type}: ${path}`),
  );
  // Members of a change that another sample would have; each is one of `from` and `to` of the same field.
  expect(never.filter((path) => !/: changes\./.test(path))).toEqual([]);
});

function reaches(data: JsonObject, path: string): boolean {
  let found = false;
  replaceFields(data, [path], (value: Json) => {
    found = true;
    return value;
  });
  return found;
}
