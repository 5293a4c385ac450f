import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Environment } from '@faultline/config';
import { type Clock, systemClock } from '@faultline/kernel';
import { makeApiKey } from '@faultline/security';
import { pino, type Logger } from 'pino';
import { acceptStreams } from './http/streams';
import { limitRate } from './http/rate-limit.hook';
import { validationPipe } from './http/validation';
import { GatewayModule } from './gateway.module';
import { ImportService } from './imports/import.service';
import { administratorId, bootstrap } from './platform/bootstrap';
import { openPlatform, type Platform } from './platform/platform';

/** A server that answers. */
export type RunningServer = {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly platform: Platform;
  /** The first administrator's key, where this start made one. */
  readonly firstKey: string | undefined;
  /** A key for an administrator that is recorded nowhere and ends with this process: for the tool that started it. */
  admitOperator(): string;
  /** Finishes what was accepted, then lets go of everything. */
  close(): Promise<void>;
};

export type ServerOptions = {
  readonly environment: Environment;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Whether projections run in a thread of their own (default); a test that injects its clock keeps them in this one. */
  readonly projectionsInThread?: boolean;
};

const bodyLimitBytes = 1024 * 1024;
const standardError = 2;

/** Starts the whole platform in this process and listens. Throws, with nothing left open, when it cannot. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { environment, clock = systemClock, projectionsInThread = true } = options;
  const logger = options.logger ?? pino({ level: environment.logLevel }, pino.destination(standardError));
  await requireFreePort(environment.port, environment.host);
  const platform = await openPlatform({ environment, clock, logger, projectionsInThread });
  let app: NestFastifyApplication | undefined;
  try {
    const { firstKey } = await bootstrap(platform);
    app = await createApp(platform);
    const imports = app.get(ImportService);
    await app.listen(environment.port, environment.host);
    await imports.resume();
    const running = app;
    const close = async () => {
      await imports.stop();
      await running.close();
      await platform.close();
    };
    const url = addressOf(running, environment.host);
    return { url, app: running, platform, firstKey, admitOperator: () => admitOperator(platform), close };
  } catch (error) {
    await app?.close();
    await platform.close();
    throw error;
  }
}

/** Looks before anything is opened: a start that fails later has recorded a first key that nobody was shown. */
async function requireFreePort(port: number, host: string): Promise<void> {
  if (port === 0) return;
  const probe = createServer().listen(port, host);
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
}

function admitOperator({ registers, keys }: Platform): string {
  const key = makeApiKey();
  registers.keys.admit(key, { keyId: 'process', personId: administratorId(keys), role: 'administrator' });
  return key;
}

async function createApp(platform: Platform): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 2_100 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.over(platform), adapter, {
    logger: false,
    abortOnError: false,
  });
  app.useGlobalPipes(validationPipe());
  const fastify = app.getHttpAdapter().getInstance();
  acceptStreams(fastify);
  limitRate(fastify, platform);
  await app.init();
  await fastify.ready();
  return app;
}

function addressOf(app: NestFastifyApplication, host: string): string {
  const address = (app.getHttpServer() as { address(): unknown }).address();
  const port = typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0;
  return `http://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}
