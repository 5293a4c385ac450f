import { assertNever, conflict, type Decider, type EventSchemas, invalid, notFound } from '@faultline/kernel';
import { changed, changesOf, requireKey } from './keys';

/** What a team is: the tier at which it supports, and who takes over from it. */
export type TeamFields = {
  readonly name: string;
  /** 1, 2 or 3; null where the team belongs to no tier. */
  readonly tier: number | null;
  /** The key of the team that takes over next. */
  readonly escalatesTo: string | null;
  /** Other ones for some categories. */
  readonly escalatesToByCategory: Readonly<Record<string, string>>;
};

type Changes = {
  readonly [Name in keyof TeamFields]?: { readonly from: TeamFields[Name]; readonly to: TeamFields[Name] };
};

export type TeamCreated = { readonly type: 'TeamCreated'; readonly data: { readonly key: string } & TeamFields };
export type TeamChanged = { readonly type: 'TeamChanged'; readonly data: { readonly changes: Changes } };
export type TeamRetired = { readonly type: 'TeamRetired'; readonly data: Readonly<Record<string, never>> };
export type TeamReinstated = { readonly type: 'TeamReinstated'; readonly data: Readonly<Record<string, never>> };
export type TeamMemberAdded = { readonly type: 'TeamMemberAdded'; readonly data: { readonly person: string } };
export type TeamMemberRemoved = { readonly type: 'TeamMemberRemoved'; readonly data: { readonly person: string } };
export type TeamEvent = TeamCreated | TeamChanged | TeamRetired | TeamReinstated | TeamMemberAdded | TeamMemberRemoved;

export type TeamCommand =
  | ({ readonly type: 'CreateTeam'; readonly key: string; readonly name: string } & Partial<TeamFields>)
  | ({ readonly type: 'ChangeTeam' } & Partial<TeamFields>)
  | { readonly type: 'RetireTeam' }
  | { readonly type: 'ReinstateTeam' }
  | { readonly type: 'AddTeamMember'; readonly person: string }
  | { readonly type: 'RemoveTeamMember'; readonly person: string };

/** A team as its events tell it; `key` is null before it was created. */
export type Team = TeamFields & {
  readonly key: string | null;
  readonly retired: boolean;
  /** The ids of the persons who belong to it, in the order in which they came. */
  readonly members: readonly string[];
};

/** What the rules need to know beyond the team. */
export type TeamFacts = {
  /** The tier of another team, undefined where there is no such team. */
  readonly tierOf: (key: string) => number | null | undefined;
  readonly hasPerson: (id: string) => boolean;
};

export const teamEventSchemas: EventSchemas<TeamEvent['type']> = {
  TeamCreated: { version: 1 },
  TeamChanged: { version: 1 },
  TeamRetired: { version: 1 },
  TeamReinstated: { version: 1 },
  TeamMemberAdded: { version: 1 },
  TeamMemberRemoved: { version: 1 },
};

/** The stream of a team. */
export const teamStream = (key: string): string => `team-${key}`;

function checkTargets(key: string, fields: Partial<TeamFields>, tier: number | null, facts: TeamFacts): void {
  const { escalatesTo, escalatesToByCategory = {} } = fields;
  if (escalatesTo !== undefined && escalatesTo !== null) checkTarget(key, escalatesTo, '/escalatesTo', tier, facts);
  for (const [category, target] of Object.entries(escalatesToByCategory)) {
    checkTarget(key, target, `/escalatesToByCategory/${category}`, tier, facts);
  }
}

// eslint-disable-next-line max-params -- one check with everything it compares; an object would only rename the parameters
function checkTarget(key: string, target: string, pointer: string, tier: number | null, facts: TeamFacts): void {
  const targetTier = target === key ? undefined : facts.tierOf(target);
  if (targetTier === undefined) throw invalid('team.unknown-target', `There is no other team ${target}`, { pointer });
  if (tier !== null && targetTier !== null && targetTier <= tier) {
    throw invalid('team.not-a-higher-tier', `${target} is not of a higher tier`, { pointer, tier, targetTier });
  }
}

function checkTier(tier: number | null | undefined): void {
  if (tier === undefined || tier === null || tier === 1 || tier === 2 || tier === 3) return;
  throw invalid('team.tier', 'A tier is 1, 2 or 3', { pointer: '/tier' });
}

/** The domain of a team. */
export const teamDecider: Decider<Team, TeamCommand, TeamEvent, TeamFacts> = {
  initialState: () => ({
    key: null,
    name: '',
    tier: null,
    escalatesTo: null,
    escalatesToByCategory: {},
    retired: false,
    members: [],
  }),
  decide: (command, team, { facts }) => {
    if (command.type === 'CreateTeam') return create(command, team, facts);
    if (team.key === null) throw notFound('team.not-found', 'There is no such team');
    switch (command.type) {
      case 'ChangeTeam': {
        const { type: _type, ...wanted } = command;
        checkTier(wanted.tier);
        checkTargets(team.key, wanted, wanted.tier === undefined ? team.tier : wanted.tier, facts);
        const { key: _key, retired: _retired, ...fields } = team;
        const changes = changesOf<TeamFields>(fields, wanted);
        return changes ? [{ type: 'TeamChanged', data: { changes } }] : [];
      }
      case 'RetireTeam':
        return team.retired ? [] : [{ type: 'TeamRetired', data: {} }];
      case 'ReinstateTeam':
        return team.retired ? [{ type: 'TeamReinstated', data: {} }] : [];
      case 'AddTeamMember':
        return added(command.person, team, facts);
      case 'RemoveTeamMember': {
        const { person } = command;
        return team.members.includes(person) ? [{ type: 'TeamMemberRemoved', data: { person } }] : [];
      }
      default:
        return assertNever(command);
    }
  },
  evolve: (team, event) => {
    switch (event.type) {
      case 'TeamCreated':
        return { ...event.data, retired: false, members: [] };
      case 'TeamChanged':
        return changed<Team>(team, event.data.changes);
      case 'TeamRetired':
        return { ...team, retired: true };
      case 'TeamReinstated':
        return { ...team, retired: false };
      case 'TeamMemberAdded':
        return { ...team, members: [...team.members, event.data.person] };
      case 'TeamMemberRemoved':
        return { ...team, members: team.members.filter((person) => person !== event.data.person) };
      default:
        return assertNever(event);
    }
  },
};

function added(person: string, team: Team, facts: TeamFacts): TeamEvent[] {
  if (!facts.hasPerson(person)) {
    throw invalid('team.unknown-person', `There is no person ${person}`, { pointer: '/person', person });
  }
  return team.members.includes(person) ? [] : [{ type: 'TeamMemberAdded', data: { person } }];
}

function create(command: Extract<TeamCommand, { type: 'CreateTeam' }>, team: Team, facts: TeamFacts): TeamEvent[] {
  const { key, name, tier = null, escalatesTo = null, escalatesToByCategory = {} } = command;
  if (team.key !== null) throw conflict('team.exists', `There is a team ${key} already`, { key });
  requireKey('team', key);
  checkTier(tier);
  checkTargets(key, { escalatesTo, escalatesToByCategory }, tier, facts);
  return [{ type: 'TeamCreated', data: { key, name, tier, escalatesTo, escalatesToByCategory } }];
}
