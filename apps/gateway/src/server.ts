import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Environment } from '@faultline/config';
import { type Clock, systemClock } from '@faultline/kernel';
import { makeApiKey } from '@faultline/security';
import { type Address, makeLogger, openWhenPossible } from '@faultline/programs';
import { areShared, storeSettings } from '@faultline/stores';
import { type Logger } from 'pino';
import { acceptStreams } from './http/streams';
import { limitRate } from './http/rate-limit.hook';
import { validationPipe } from './http/validation';
import { GatewayModule } from './gateway.module';
import { ImportService } from './imports/import.service';
import { administratorId, bootstrap } from './platform/bootstrap';
import { openPlatform, type Platform } from './platform/platform';
import { type PlatformOptions } from './platform/platform-options';

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
  /** Whether reports and projections run in a thread of their own (default); a test that injects its clock keeps them in this one. */
  readonly threads?: boolean;
  /** Whether this process feeds read models (default), or leaves that to projectors. */
  readonly projectionsRun?: 'here' | 'elsewhere';
};

const bodyLimitBytes = 1024 * 1024;

/**
 * Starts the platform in this process and listens. Throws, with nothing left open, when it cannot; where its stores are servers that
 * are away or refuse it, it waits for them instead, and its health says why.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { environment, clock = systemClock, threads = true, projectionsRun = 'here' } = options;
  const logger = options.logger ?? makeLogger(environment.logLevel);
  const open = () => openReady({ environment, clock, logger, threads, projectionsRun });
  const wanted = { host: environment.host, port: environment.port };
  if (!areShared(storeSettings(environment))) {
    await requireFreePort(wanted);
    return serve(await open(), wanted);
  }
  const { opened, address } = await openWhenPossible(wanted, { clock: systemClock, logger }, open);
  return serve(opened, address);
}

type ReadyPlatform = { readonly platform: Platform; readonly firstKey: string | undefined };

async function openReady(options: PlatformOptions): Promise<ReadyPlatform> {
  const platform = await openPlatform(options);
  try {
    return { platform, ...(await bootstrap(platform)) };
  } catch (error) {
    await platform.close();
    throw error;
  }
}

async function serve({ platform, firstKey }: ReadyPlatform, { host, port }: Address): Promise<RunningServer> {
  let app: NestFastifyApplication | undefined;
  try {
    app = await createApp(platform);
    const imports = app.get(ImportService);
    await app.listen(port, host);
    await imports.resume();
    const running = app;
    const close = async () => {
      await imports.stop();
      await running.close();
      await platform.close();
    };
    const url = addressOf(running, host);
    return { url, app: running, platform, firstKey, admitOperator: () => admitOperator(platform), close };
  } catch (error) {
    await app?.close();
    await platform.close();
    throw error;
  }
}

/** Looks before anything is opened: a start that fails later has recorded a first key that nobody was shown. */
async function requireFreePort({ port, host }: Address): Promise<void> {
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
