import { type Decider, type EventSchemas } from '@faultline/kernel';

/** A key of the outside world (a monitoring alert's, a request's) names the incident that holds it. */
export type ExternalKeyClaimed = {
  readonly type: 'ExternalKeyClaimed';
  readonly data: { readonly incident: string; readonly number: string };
};

export type ClaimExternalKey = {
  readonly type: 'ClaimExternalKey';
  readonly incident: string;
  readonly number: string;
  /** The holder that the claimant has seen and found to be over; null where it saw none. */
  readonly supersedes: string | null;
};

/** Who holds the key; null before the first claim. */
export type ExternalKeyState = { readonly incident: string | null; readonly number: string | null };

export const externalKeyEventSchemas: EventSchemas<ExternalKeyClaimed['type']> = { ExternalKeyClaimed: { version: 1 } };

/** A stream `external-<hash>`: a claim holds where nobody holds the key, or the holder is the one known to be over. */
export const externalKeyDecider: Decider<ExternalKeyState, ClaimExternalKey, ExternalKeyClaimed> = {
  initialState: () => ({ incident: null, number: null }),
  decide: ({ incident, number, supersedes }, holder) => {
    if (holder.number === number || holder.number !== supersedes) return [];
    return [{ type: 'ExternalKeyClaimed', data: { incident, number } }];
  },
  evolve: (_holder, { data: { incident, number } }) => ({ incident, number }),
};
