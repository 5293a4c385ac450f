import { readFileSync } from 'node:fs';
import { randomId } from '@faultline/kernel';
import { StoreUnusable } from '../event-store.errors';
import { type LogEnvironment } from './environment';

/** Who writes: enough to tell whether that process still lives, after a restart of the machine too. */
type Holder = {
  readonly pid: number;
  readonly bootId: string | null;
  readonly startTicks: string | null;
  readonly token: string;
};

const read = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const bootId = (): string | null => read('/proc/sys/kernel/random/boot_id')?.trim() ?? null;

/** What /proc/<pid>/stat says behind the command's name: field 3 is the state. */
const statOf = (pid: number): string[] => {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** When a process was started, in ticks since boot: field 22. */
const startTicks = (pid: number): string | null => statOf(pid)[19] ?? null;

/** Whether a process is dead and only waits for its parent to take note, which without an init process nobody does. */
const isZombie = (pid: number): boolean => ['Z', 'X'].includes(statOf(pid)[0] ?? '');

function lives(holder: Holder): boolean {
  if (holder.bootId !== bootId()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return !isZombie(holder.pid) && holder.startTicks === startTicks(holder.pid);
}

/** The right to write to a directory: one process at a time. */
export class WriterLock {
  private constructor(
    private readonly environment: LogEnvironment,
    private readonly token: string,
  ) {}

  /** Takes the right, also from a process that died with it. Throws StoreUnusable while its holder lives. */
  static take(environment: LogEnvironment): WriterLock {
    const token = randomId();
    const holder: Holder = { pid: process.pid, bootId: bootId(), startTicks: startTicks(process.pid), token };
    // LMDB lets one process at a time into a write transaction, so that looking and taking is one step.
    const other = environment.root.transactionSync(() => {
      const known = environment.meta.get('writer') as Holder | undefined;
      if (known && lives(known)) return known;
      environment.meta.putSync('writer', holder);
      return undefined;
    });
    if (other) throw inUse(environment, other.pid);
    return new WriterLock(environment, token);
  }

  /** To be called inside a write transaction. Throws StoreUnusable when another process has taken over. */
  check(): void {
    const holder = this.environment.meta.get('writer') as Holder | undefined;
    if (holder?.token !== this.token) throw inUse(this.environment, holder?.pid);
  }

  release(): void {
    this.environment.root.transactionSync(() => {
      const holder = this.environment.meta.get('writer') as Holder | undefined;
      if (holder?.token === this.token) this.environment.meta.removeSync('writer');
    });
  }
}

const inUse = ({ directory }: LogEnvironment, pid: number | undefined): StoreUnusable =>
  new StoreUnusable(
    'in-use',
    `${directory} is in use by another process${pid === undefined ? '' : ` (pid ${pid})`}: ` +
      'one Faultline at a time may write to a directory. Stop the other one, or choose another directory by EVENT_STORE.',
  );
