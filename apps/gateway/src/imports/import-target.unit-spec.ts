import { type CommandRuntime } from '@faultline/commands';
import { type ImportedIncident } from '@faultline/imports';
import { StoreUnavailable } from '@faultline/kernel';
import { gate } from '../../../../test/support/stores';
import { EventStoreTarget } from './import-target';
import { type ImportedRegisters } from './imported-registers';

const incident = (number: number) => ({ number: `INC${number}`, events: [] }) as unknown as ImportedIncident;

test('a batch that fails has ended as a whole: nothing of it is under way when it is repeated', async () => {
  const slow = gate();
  const ended: string[] = [];
  const write = async () => {
    if (ended.length === 0) {
      ended.push('failed');
      throw new StoreUnavailable('The store is away');
    }
    await slow.opened;
    ended.push('written');
    return { position: '' };
  };
  const registers = { ensure: () => Promise.resolve(new Map()) } as unknown as ImportedRegisters;
  const runtime = { writer: { write } } as unknown as CommandRuntime;
  const run = { id: 'import', format: 'vinst', digest: '', importer: 'mate', startedAt: '', unjudged: false };
  const target = new EventStoreTarget(run, { runtime, registers, personId: (name: string) => name } as never);
  // More than are begun in one turn, so that the failure is there before the last one has begun.
  const batch = Array.from({ length: 40 }, (_, number) => incident(number));
  const result = target.appendIncidents(batch).then(
    () => 'imported',
    (error: unknown) => {
      ended.push('told');
      return error;
    },
  );
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  slow.open();
  expect(await result).toBeInstanceOf(StoreUnavailable);
  expect(ended).toEqual(['failed', ...Array.from({ length: 39 }, () => 'written'), 'told']);
});
