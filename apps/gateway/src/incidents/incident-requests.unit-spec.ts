import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { IncidentCommandsController } from './incident-commands.controller';
import { incidentRequestNames } from './incident-requests';

const handlers = Object.entries(Object.getOwnPropertyDescriptors(IncidentCommandsController.prototype)).map(
  ([, { value }]) => value as object,
);

test('each command has a route of its own, and each route its command', () => {
  const routes = handlers
    .filter((handler) => Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.POST)
    .map((handler) => /^:id\/([\w-]+)$/.exec(String(Reflect.getMetadata(PATH_METADATA, handler)))?.[1])
    .filter((name) => name !== undefined);
  expect(routes.sort()).toEqual([...incidentRequestNames].sort());
});
