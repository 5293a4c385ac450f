import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { Requires } from '../http/auth.guard';
import { QueryReader, type RawQuery } from '../http/query';
import { EmptyDto } from '../incidents/incident.dto';
import { type ReadSide } from '@faultline/read-side';
import { READ_SIDE } from '../platform/tokens';

/** Projections for operators: where they stand, and rebuilding them. */
@Controller('v1/projections')
export class ProjectionsController {
  constructor(@Inject(READ_SIDE) private readonly readSide: ReadSide) {}

  @Get()
  @Requires('projection.read')
  async list(@Query() raw: RawQuery) {
    new QueryReader(raw, []);
    return { items: await this.readSide.status(), nextCursor: null };
  }

  @Post(':name/rebuild')
  @HttpCode(202)
  @Requires('projection.rebuild')
  async rebuild(@Param('name') name: string, @Body() _body: EmptyDto) {
    await this.readSide.rebuild(name);
    return { name };
  }
}
