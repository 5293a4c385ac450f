import { type CommandEnvelope } from '@faultline/commands';
import { defaults, EnvironmentError } from '@faultline/config';
import { deriveId } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { personIdFor } from '@faultline/organisation';
import { hashApiKey, makeApiKey } from '@faultline/security';
import { areShared, storeSettings } from '@faultline/stores';
import { RegisterCommands } from '../registers/register-commands';
import { type Platform } from './platform';

const actor = { id: deriveId('actor', 'installation'), kind: 'service' } as const;

/** Commands of the installation have ids of their own, so that a start after a crash halfway repeats none. */
function envelopeOf(step: string): CommandEnvelope {
  const commandId = deriveId('installation', step);
  return { commandId, actor, via: { kind: 'system' }, correlationId: deriveId('installation') };
}

/**
 * Makes an empty installation usable: the default catalog, teams and services, an administrator, and a key for that person, which
 * is recorded last and so tells that the rest is there. A preset key that is not known yet is recorded at any start.
 */
export async function bootstrap(platform: Platform): Promise<{ readonly firstKey: string | undefined }> {
  const { keys, teams, persons } = platform.registers;
  const commands = new RegisterCommands(platform.runtime, platform.feed, teams, persons);
  const preset = platform.environment.adminKey;
  const fresh = !keys.hasAdministrator;
  if (fresh && preset === undefined && areShared(storeSettings(platform.environment))) throw keyNeeded();
  if (fresh) await install(commands);
  if (!fresh && (preset === undefined || keys.knows(hashApiKey(preset)))) return { firstKey: undefined };
  const person = await administrator(platform, commands);
  const key = preset ?? makeApiKey();
  const hash = hashApiKey(key);
  const name = preset === undefined ? 'First key' : 'Key preset by the environment';
  const command = { type: 'IssueApiKey', name, hash, person, role: 'administrator', expiresAt: null } as const;
  await commands.key(deriveId('key', hash), command, envelopeOf(`key ${hash}`));
  return { firstKey: preset === undefined ? key : undefined };
}

/** Of several processes that start at once each would make and print a key of its own. */
const keyNeeded = () =>
  new EnvironmentError([
    {
      variable: 'FAULTLINE_ADMIN_KEY',
      problem: 'must be given for the first start on servers',
      example: 'a-long-and-random-secret-text',
    },
  ]);

/** The person behind the first key. */
export const administratorId = ({ installationSecret }: Pick<KeyStore, 'installationSecret'>): string =>
  personIdFor(installationSecret, 'command', 'administrator');

async function install(commands: RegisterCommands): Promise<void> {
  const { catalog, organisation } = defaults;
  const categories = Object.entries(catalog.categories).flatMap(([category, members]) =>
    [null, ...members].map((subcategory) => ({ category, subcategory })),
  );
  const entries = (named: Readonly<Record<string, string>>) =>
    Object.entries(named).map(([key, name]) => ({ key, name }));
  const parts = [
    { type: 'AddCategories', categories },
    { type: 'AddResolutionCodes', entries: entries(catalog.resolutionCodes) },
    { type: 'AddHoldReasons', entries: entries(catalog.holdReasons) },
    { type: 'ChangePriorityMatrix', matrix: catalog.priorityMatrix },
  ] as const;
  for (const part of parts) await commands.catalog(part, envelopeOf(part.type));
  for (const team of organisation.teams) {
    await commands.team(team.key, { type: 'CreateTeam', ...team }, envelopeOf(`team ${team.key}`));
  }
  for (const service of organisation.services) {
    await commands.service(service.key, { type: 'CreateService', ...service }, envelopeOf(`service ${service.key}`));
  }
}

async function administrator(platform: Platform, commands: RegisterCommands): Promise<string> {
  const id = administratorId(platform.keys);
  if (!platform.registers.persons.has(id)) {
    await commands.person(id, { type: 'RegisterPerson', id, name: 'Administrator' }, envelopeOf('administrator'));
  }
  return id;
}
