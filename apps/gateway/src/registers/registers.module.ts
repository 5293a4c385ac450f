import { type Provider, type Type } from '@nestjs/common';
import { CatalogController } from './catalog.controller';
import { KeysController } from './keys.controller';
import { PeopleController } from './people.controller';
import { PersonDirectory } from './person-directory';
import { RegisterCommands } from './register-commands';
import { RegisterHistory } from './register-history';
import { ServicesController } from './services.controller';
import { TeamsController } from './teams.controller';

/** The routes of the registers. */
export const registerControllers: Type[] = [
  TeamsController,
  ServicesController,
  PeopleController,
  CatalogController,
  KeysController,
];

/** What stands behind them. */
export const registerProviders: Provider[] = [RegisterCommands, RegisterHistory, PersonDirectory];
