import { type IncomingMessage } from 'node:http';
import { startServer } from '@faultline/gateway';
import { readEnvironment } from '@faultline/config';
import { ManualClock } from '@faultline/kernel';
import { runProgram } from '@faultline/programs';
import { timeHeader } from './gateway-time';

// The gateway of production in a process of its own, but with a clock that tests turn: each request brings the time with it.

/** What the tests ask: how many waits have not ended, once the clock stands at `time`. */
type Question = { readonly time: number };

runProgram(async () => {
  const environment = readEnvironment(process.env);
  const clock = new ManualClock(Number(process.env['TIME']));
  const moveTo = (time: number) => {
    if (time > clock.now()) clock.advance(time - clock.now());
  };
  const server = await startServer({ environment, clock, projectionsRun: 'elsewhere' });
  server.app.getHttpServer().prependListener('request', ({ headers }: IncomingMessage) => {
    const time = Number(headers[timeHeader]);
    if (Number.isFinite(time)) moveTo(time);
  });
  process.on('message', ({ time }: Question) => {
    moveTo(time);
    process.send?.({ waiting: clock.waiting });
  });
  // It ends with the tests that started it.
  process.on('disconnect', () => process.exit(0));
  process.stdout.write(`READY ${server.url}\n`);
  return server;
});
