import { rm } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { type Aggregate, type CommandEnvelope, CommandRuntime } from '@faultline/commands';
import {
  type Import,
  type ImportCommand,
  importDecider,
  type ImportEvent,
  importFormatOf,
  importFormats,
  type ImportProgress,
  type ImportReport,
  importStream,
  openSpool,
  removeSpool,
  runImport,
  type Spool,
  spoolImport,
  type SpoolOptions,
} from '@faultline/imports';
import { type Clock, deriveId, DomainError, invalid, notFound, StoreUnavailable, systemClock } from '@faultline/kernel';
import { TroubleLog } from '@faultline/programs';
import { type Logger } from 'pino';
import { CLOCK, LOGGER, READ_SIDE } from '../platform/tokens';
import { type ReadSide } from '@faultline/read-side';
import { ImportFiles } from './import-files';
import { ImportTargetFactory } from './import-target';

/** What an upload says beside its bytes. */
export type Upload = {
  readonly body: AsyncIterable<Uint8Array>;
  readonly format: string;
  readonly timeZone: string;
  readonly encoding: SpoolOptions['encoding'];
};

const imports: Aggregate<Import, ImportCommand, ImportEvent> = {
  name: 'import',
  decider: importDecider,
  subject: (_state, _events, actor) => actor.id,
};

const pauseMs = 1_000;
const noRowsYet = { rejected: [], heldBack: [] } as const;

/**
 * Takes files in, spools them, and imports one after the other; what a stop interrupted goes on at the next start, on the same work
 * directory. What is to be said of an import that is over, every process can say.
 */
@Injectable()
export class ImportService {
  private readonly progress = new Map<string, ImportProgress>();
  private readonly stopping = new AbortController();
  private readonly troubles = new TroubleLog(systemClock);
  private tail: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(ImportTargetFactory) private readonly targets: ImportTargetFactory,
    @Inject(READ_SIDE) private readonly readSide: ReadSide,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ImportFiles) private readonly files: ImportFiles,
  ) {}

  /** Spools an upload, checks it as a whole, and starts its import; answers the import's id. Throws `import.…` for a file that is refused. */
  async start({ body, format: name, timeZone, encoding }: Upload, envelope: CommandEnvelope): Promise<string> {
    const format = importFormatOf(name);
    if (!format) {
      const names = importFormats.map((candidate) => candidate.name).join(', ');
      throw invalid('import.unknown-format', `format takes one of ${names}`, { pointer: '?format' });
    }
    const id = deriveId('import', envelope.commandId);
    const { state } = await this.runtime.load(imports, importStream(id));
    if (state.started) return id;
    const now = this.clock.now();
    const { signal } = this.stopping;
    const spool = await spoolImport(body, format, {
      directory: this.files.spoolFolder(id),
      timeZone,
      encoding,
      now,
      signal,
    });
    const { digest, rows } = spool.manifest;
    const command: ImportCommand = { type: 'StartImport', format: name, timeZone, digest, rows };
    const outcome = await this.runtime.execute(imports, importStream(id), { command, envelope, facts: undefined });
    this.enqueue(id, spool, { importer: envelope.actor.id, startedAt: outcome.position });
    return id;
  }

  /** Goes on with every import that was running when the process ended; removes uploads that never became one. */
  async resume(): Promise<void> {
    for (const id of await this.files.spooled()) {
      const spool = await openSpool(this.files.spoolFolder(id));
      const { state, position } = await this.runtime.load(imports, importStream(id));
      if (!state.started || !spool) await rm(this.files.spoolFolder(id), { recursive: true, force: true });
      else if (state.state === 'running') {
        this.enqueue(id, spool, { importer: (await this.importer(id)) ?? '', startedAt: position });
      } else await removeSpool(this.files.spoolFolder(id));
    }
  }

  /** Ends the running import between two batches; it goes on at the next start. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('The server stops'));
    await this.tail;
  }

  /** What an import is doing or did. Throws `import.not-found`. */
  async status(id: string): Promise<object> {
    const { state } = await this.runtime.load(imports, importStream(id));
    if (!state.started) throw notFound('import.not-found', `There is no import ${id}`, { import: id });
    const { format, timeZone, digest, rows } = state.started;
    const base = { id, state: state.state, format, timeZone, digest };
    if (state.state === 'running') return { ...base, ...this.running(id, rows) };
    if (state.state === 'failed') return { ...base, ...this.running(id, rows), problem: state.problem };
    const lists = await this.files.read(id);
    const heldBack = lists.heldBack.map(({ key }) => key);
    return { ...base, ...state.summary, rejected: lists.rejected, heldBack, heldBackReasons: lists.heldBack };
  }

  /** Every rejected row as CSV. */
  async rejected(id: string): Promise<AsyncIterable<Uint8Array>> {
    await this.status(id);
    const rows = await this.files.rejectedCsv(id);
    if (rows) return rows;
    throw notFound('import.not-over', 'The rejected rows are listed once the import is over', { import: id });
  }

  private running(id: string, rowsTotal: number) {
    const progress = this.progress.get(id) ?? {
      rows: 0,
      incidents: 0,
      events: 0,
      eventsPerSecond: 0,
      secondsLeft: null,
    };
    return { ...progress, rowsTotal, unchanged: 0, ...noRowsYet, ignoredColumns: [], differences: {} };
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private enqueue(id: string, spool: Spool, origin: { importer: string; startedAt: string }): void {
    this.tail = this.tail
      .then(() => this.runThrough(id, spool, origin))
      .catch((error: unknown) => {
        if (!this.isStopping()) this.logger.error({ err: error, import: id }, 'The import stopped');
      });
  }

  /** A store that is away interrupts an import: it goes on where it was once the store is back. */
  private async runThrough(id: string, spool: Spool, origin: { importer: string; startedAt: string }): Promise<void> {
    for (;;) {
      try {
        await this.run(id, spool, origin);
        return;
      } catch (error) {
        if (this.isStopping() || !(error instanceof StoreUnavailable)) throw error;
        this.troubles.tell(`${id} ${error.message}`, () => {
          this.logger.warn({ err: error, import: id }, 'The import waits for a store');
        });
        await systemClock.wait(pauseMs, this.stopping.signal);
      }
    }
  }

  private async run(
    id: string,
    spool: Spool,
    { importer, startedAt }: { importer: string; startedAt: string },
  ): Promise<void> {
    if (this.isStopping()) return;
    const { format: name, digest } = spool.manifest;
    const format = importFormatOf(name);
    if (!format) throw new Error(`The spool of import ${id} has the unknown format ${name}`);
    const unjudged = format.serviceLevel !== null && !spool.manifest.columns.includes(format.serviceLevel);
    const target = this.targets.target({ id, format: name, digest, importer, startedAt, unjudged });
    try {
      const report = await runImport(spool, format, target, {
        personId: (person) => this.targets.personId(person),
        clock: this.clock,
        signal: this.stopping.signal,
        onProgress: (progress) => this.progress.set(id, progress),
      });
      await this.readSide.reached(target.position);
      await this.complete(id, importer, report, spool);
    } catch (error) {
      if (this.isStopping() || error instanceof StoreUnavailable) throw error;
      await this.fail(id, importer, error);
    }
    await removeSpool(this.files.spoolFolder(id));
  }

  private async complete(id: string, importer: string, report: ImportReport, spool: Spool): Promise<void> {
    const { rejected, heldBack, ...summary } = report;
    await this.files.keep(id, { rejected, heldBack }, spool.rejectedCsv());
    await this.end(id, importer, { type: 'CompleteImport', summary });
  }

  private async fail(id: string, importer: string, error: unknown): Promise<void> {
    this.logger.error({ err: error, import: id }, 'The import failed');
    const problem = error instanceof DomainError ? `${error.code}: ${error.message}` : String(error);
    await this.end(id, importer, { type: 'FailImport', problem });
  }

  private async end(id: string, importer: string, command: ImportCommand): Promise<void> {
    const envelope: CommandEnvelope = {
      commandId: deriveId(id, command.type),
      actor: { id: importer, kind: 'person' },
      via: { kind: 'system' },
      correlationId: id,
    };
    await this.runtime.execute(imports, importStream(id), { command, envelope, facts: undefined });
    this.progress.delete(id);
  }

  private async importer(id: string): Promise<string | undefined> {
    return this.runtime.actorOfFirst(importStream(id));
  }
}
