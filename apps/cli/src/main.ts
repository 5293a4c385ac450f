#!/usr/bin/env node
import './heap';
import { Command } from 'commander';
import { explain } from './explain';
import { exportEvents } from './export.command';
import { importFile } from './import.command';
import { migrateHistory } from './migrate.command';
import { listProjections, rebuildProjections } from './projections.command';
import { start } from './start.command';
import { version } from './version';

const withServer = (command: Command): Command =>
  command
    .option(
      '--url <url>',
      'the server to ask (default: FAULTLINE_URL, else one on HOST and PORT, else open the stores)',
    )
    .option('--key <key>', 'the API key to show it (default: FAULTLINE_API_KEY, else FAULTLINE_ADMIN_KEY)');

const program = new Command('faultline')
  .description('The event-sourced incident platform. Settings come from the environment; README.md lists them.')
  .version(version);

program.command('start').description('run the whole platform in this process').action(start);

withServer(program.command('import'))
  .description('bring in the history of another tool')
  .argument('<file>', 'CSV, plain or compressed with gzip; - reads standard input')
  .requiredOption('--format <format>', 'servicenow-audit or vinst')
  .option('--time-zone <zone>', 'the IANA zone of times without an offset', 'UTC')
  .action(importFile);

withServer(program.command('projections')).description('show where the projections stand').action(listProjections);

withServer(program.command('rebuild'))
  .description('build read models anew from the log, while queries go on')
  .argument('[name...]', 'projections to rebuild (default: all)')
  .action(rebuildProjections);

withServer(program.command('export'))
  .description('write the log as NDJSON, an event on each line')
  .option('--out <file>', 'the file to write (default: standard output)')
  .option('--from <position>', 'begin with the event at this position')
  .action(exportEvents);

program
  .command('migrate')
  .description('copy a whole history to other stores and verify it; goes on where it was interrupted')
  .requiredOption('--from <store>', 'the event store to copy: lmdb:DIR or esdb://…; no server may run on it')
  .option('--to <store>', 'the event store to copy to, which nothing else may use yet (default: EVENT_STORE)')
  .option('--from-keys <store>', 'file:DIR or mongodb://… (default: the directory of lmdb:, else KEY_STORE)')
  .option('--to-keys <store>', 'likewise, for the target')
  .option('--from-blobs <store>', 'file:DIR or mongodb://… (default: the directory of lmdb:, else BLOB_STORE)')
  .option('--to-blobs <store>', 'likewise, for the target')
  .option('--verify-only', 'compare the two histories and write nothing', false)
  .action(migrateHistory);

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`faultline: ${explain(error)}\n`);
  process.exitCode = 1;
});
