import { databaseAt } from '@faultline/mongodb-client';
import { collectionOf, registerOf } from './stored';

describe('collections of the read store', () => {
  const { db } = databaseAt('mongodb://127.0.0.1/desk?w=0&readPreference=secondary', { what: 'The store' });

  it('cannot be weakened by the URL: a majority acknowledges, the primary answers', () => {
    const things = collectionOf(db, 'things');
    expect(things.namespace).toBe('desk.models.things');
    expect(things.writeConcern).toMatchObject({ w: 'majority' });
    expect(things.readPreference?.mode).toBe('primary');
  });

  it('have registers that are journalled, and read as a majority has them', () => {
    const leases = registerOf(db, 'leases');
    expect(leases.namespace).toBe('desk.registers.leases');
    expect(leases.writeConcern).toMatchObject({ w: 'majority', journal: true });
    expect(leases.readConcern?.level).toBe('majority');
    expect(leases.readPreference?.mode).toBe('primary');
  });
});
