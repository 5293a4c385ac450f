/** What a route may ask for. */
export const permissions = [
  'incident.read',
  'incident.command',
  'incident.log-for-the-past',
  'report.read',
  'register.read',
  'register.change',
  'import.run',
  'projection.read',
  'projection.rebuild',
  'key.manage',
  'audit.read',
] as const;

export type Permission = (typeof permissions)[number];

export const roles = ['administrator', 'agent'] as const;

export type Role = (typeof roles)[number];

/** Who is behind a request. */
export type Principal = { readonly keyId: string; readonly personId: string; readonly role: Role };

const ofAgents: ReadonlySet<Permission> = new Set([
  'incident.read',
  'incident.command',
  'report.read',
  'register.read',
  'projection.read',
]);

/** The one place that says who may do what. */
export const permits = ({ role }: Principal, permission: Permission): boolean =>
  role === 'administrator' || ofAgents.has(permission);
