import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Environment } from '@faultline/config';
import { type Clock, systemClock } from '@faultline/kernel';
import { pino, type Logger } from 'pino';
import { acceptStreams } from './http/streams';
import { limitRate } from './http/rate-limit.hook';
import { validationPipe } from './http/validation';
import { GatewayModule } from './gateway.module';
import { ImportService } from './imports/import.service';
import { bootstrap } from './platform/bootstrap';
import { openPlatform, type Platform } from './platform/platform';

/** A server that answers. */
export type RunningServer = {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly platform: Platform;
  /** The first administrator's key, where this start made one. */
  readonly firstKey: string | undefined;
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

/** Starts the whole platform in this process and listens. Throws, with nothing left open, when it cannot. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { environment, clock = systemClock, projectionsInThread = true } = options;
  const logger = options.logger ?? pino({ level: environment.logLevel });
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
    return { url: addressOf(running, environment.host), app: running, platform, firstKey, close };
  } catch (error) {
    await app?.close();
    await platform.close();
    throw error;
  }
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
