import { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { invalid } from '@faultline/kernel';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { CommandEnvelopes } from '../http/command-envelopes';
import { QueryReader, type RawQuery } from '../http/query';
import { ImportService } from './import.service';

/** Bringing histories in from other tools. */
@Controller('v1/imports')
@Requires('import.run')
export class ImportsController {
  constructor(
    @Inject(ImportService) private readonly imports: ImportService,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
  ) {}

  @Post()
  @HttpCode(202)
  async start(@Query() raw: RawQuery, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const query = new QueryReader(raw, ['format', 'timeZone']);
    const format = query.one('format');
    if (format === undefined) throw invalid('request.invalid', 'format is missing', { pointer: '?format' });
    const { body } = request;
    if (!(body instanceof Readable)) {
      throw invalid('request.unsupported-media-type', 'Send the file itself, with content-type text/csv');
    }
    const envelope = { ...this.envelopes.of(request), commandDigest: undefined };
    const encoding = encodingOf(request);
    const upload = { body, format, timeZone: query.one('timeZone') ?? 'UTC', encoding };
    const importId = await this.imports.start(upload, envelope);
    void reply.header('location', `/v1/imports/${importId}`);
    return { importId };
  }

  @Get(':id')
  status(@Param('id') id: string, @Query() raw: RawQuery): Promise<object> {
    new QueryReader(raw, []);
    return this.imports.status(id);
  }

  @Get(':id/rejected')
  async rejected(@Param('id') id: string, @Query() raw: RawQuery, @Res({ passthrough: true }) reply: FastifyReply) {
    new QueryReader(raw, ['format']).oneOf('format', ['csv']);
    const rows = await this.imports.rejected(id);
    void reply.header('content-type', 'text/csv; charset=utf-8');
    return Readable.from(rows);
  }
}

function encodingOf(request: FastifyRequest): 'gzip' | 'identity' | null {
  const encoding = request.headers['content-encoding']?.toLowerCase();
  if (encoding === undefined || encoding === 'identity') return null;
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip';
  throw invalid('request.unsupported-media-type', `The content encoding ${encoding} is not known; use gzip or none`);
}
