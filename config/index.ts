import catalog from './defaults/catalog.json';
import organisation from './defaults/organisation.json';
import policy from './defaults/policy.json';

export * from './environment';

/** What a fresh installation begins with; from then on the registers say. */
export const defaults = { catalog, organisation, policy } as const;
