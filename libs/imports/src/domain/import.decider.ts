import { assertNever, conflict, type Decider, type EventSchemas, notFound } from '@faultline/kernel';

/** What an import did, as numbers: the lists behind them stay beside the spool, since rows may hold personal data. */
export type ImportSummary = {
  readonly rows: number;
  readonly incidents: number;
  readonly events: number;
  readonly unchanged: number;
  readonly rejectedRows: number;
  readonly heldBackIncidents: number;
  readonly ignoredColumns: readonly string[];
  readonly differences: Readonly<Record<string, number>>;
};

export type ImportStarted = {
  readonly type: 'ImportStarted';
  readonly data: {
    readonly format: string;
    readonly timeZone: string;
    /** SHA-256 of the uncompressed file, lower-case hex. */
    readonly digest: string;
    readonly rows: number;
  };
};
export type ImportCompleted = { readonly type: 'ImportCompleted'; readonly data: ImportSummary };
export type ImportFailed = { readonly type: 'ImportFailed'; readonly data: { readonly problem: string } };
export type ImportEvent = ImportStarted | ImportCompleted | ImportFailed;

export type ImportCommand =
  | ({ readonly type: 'StartImport' } & ImportStarted['data'])
  | { readonly type: 'CompleteImport'; readonly summary: ImportSummary }
  | { readonly type: 'FailImport'; readonly problem: string };

/** An import as its events tell it; `started` is null before the first. */
export type Import = {
  readonly started: ImportStarted['data'] | null;
  readonly state: 'running' | 'done' | 'failed';
  readonly summary: ImportSummary | null;
  readonly problem: string | null;
};

export const importEventSchemas: EventSchemas<ImportEvent['type']> = {
  ImportStarted: { version: 1 },
  ImportCompleted: { version: 1 },
  ImportFailed: { version: 1 },
};

/** The stream of an import. */
export const importStream = (id: string): string => `import-${id}`;

/** The domain of an import: it runs once, and ends once. */
export const importDecider: Decider<Import, ImportCommand, ImportEvent> = {
  initialState: () => ({ started: null, state: 'running', summary: null, problem: null }),
  decide: (command, { started, state }) => {
    if (command.type === 'StartImport') {
      if (started) throw conflict('import.exists', 'This import was started already');
      const { type: _type, ...data } = command;
      return [{ type: 'ImportStarted', data }];
    }
    if (!started) throw notFound('import.not-found', 'There is no such import');
    if (state !== 'running') return [];
    switch (command.type) {
      case 'CompleteImport':
        return [{ type: 'ImportCompleted', data: command.summary }];
      case 'FailImport':
        return [{ type: 'ImportFailed', data: { problem: command.problem } }];
      default:
        return assertNever(command);
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'ImportStarted':
        return { ...state, started: event.data };
      case 'ImportCompleted':
        return { ...state, state: 'done', summary: event.data };
      case 'ImportFailed':
        return { ...state, state: 'failed', problem: event.data.problem };
      default:
        return assertNever(event);
    }
  },
};
